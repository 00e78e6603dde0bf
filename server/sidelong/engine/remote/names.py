"""An event loop that nobody has to wait for because of a name.

asyncio looks names up on threads that the interpreter joins at its end, so a name server that
stalls would hold up the end of every process that has asked it.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeAlias

Host: TypeAlias = bytes | str | None
Port: TypeAlias = bytes | str | int | None
Addresses: TypeAlias = list[Any]
"""As `socket.getaddrinfo` gives them."""


class NamesLoop(asyncio.SelectorEventLoop):
    """Looks each name up on a daemon thread of its own; those who ask meanwhile wait for that."""

    def __init__(self) -> None:
        super().__init__()
        self._sought: dict[tuple[Host, Port, int, int, int, int], Future[Addresses]] = {}

    async def getaddrinfo(
        self,
        host: Host,
        port: Port,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> Addresses:
        """See `socket.getaddrinfo`."""
        asked = (host, port, family, type, proto, flags)
        found = self._sought.get(asked)
        if found is None or found.done():
            found = Future()
            found.set_running_or_notify_cancel()  # Nobody's cancellation ends it for the others.
            name = "sidelong-remote-name"
            Thread(target=_look_up, args=(asked, found), name=name, daemon=True).start()
            self._sought[asked] = found
        return await asyncio.wrap_future(found, loop=self)


def _look_up(asked: tuple[Host, Port, int, int, int, int], found: Future[Addresses]) -> None:
    try:
        found.set_result(socket.getaddrinfo(*asked))
    except Exception as error:  # noqa: BLE001 - handed to whoever asked
        found.set_exception(error)
