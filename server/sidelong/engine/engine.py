"""The server's side of a model: the protocol `Engine`, and a completer on its own thread.

The server sees only `Engine`, so tests put a small one in its place that says what it is told.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sidelong.engine import selftest
from sidelong.engine.completer import Completer
from sidelong.engine.loading import learn_speeds, load_completer
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.model.thread import ModelThread, OnChange
from sidelong.engine.request import Answer, Request
from sidelong.settings import UserSettings

if TYPE_CHECKING:
    from sidelong_index import Snapshot


class Engine(Protocol):
    """A model that is loading or loaded; its methods are the event loop's."""

    async def ready(self) -> str:
        """Wait until the model is loaded and tested; who completes and who decides, for people.

        Raises `ModelError` if it cannot serve.
        """

    async def complete(self, key: str, request: Request, snapshot: Snapshot | None) -> Answer:
        """Answer the request; raises `Superseded` when a newer one of the same key comes."""

    async def read_ahead(self, key: str, request: Request, snapshot: Snapshot | None) -> int:
        """Read what the request will need; the number of tokens evaluated.

        Raises `Superseded` when a newer call of the same key comes.
        """

    def unload_after(self, minutes: float) -> None:
        """Free the weights after so long without a request; the next one loads them again.

        0 for never.
        """

    async def retire(self) -> None:
        """Finish what was asked, take on nothing new, and let go of the model."""

    async def stop(self) -> None:
        """Stop what runs, or loads, and let go of the model; idempotent."""


MakeEngine: TypeAlias = Callable[[UserSettings, OnChange], Engine]
"""Makes an engine for these settings, which tells when it unloads or loads its model again."""


class ModelEngine:
    """A GGUF model on a thread of its own; starts to load when made."""

    def __init__(self, user: UserSettings, on_change: OnChange | None = None) -> None:
        self._loading = Cancel()

        def let_go(completer: Completer) -> None:
            learn_speeds(completer, user)
            completer.close()

        self._worker = ModelThread(lambda: _load(user, self._loading), let_go, on_change)
        self.unload_after(user.unload_after_minutes)

    async def ready(self) -> str:
        """Wait until the model is loaded and tested; see `Engine.ready`."""
        return await self._worker.run("", lambda completer, _cancel: completer.title)

    async def complete(self, key: str, request: Request, snapshot: Snapshot | None) -> Answer:
        """Answer the request; raises `Superseded` when a newer one of the same key comes."""

        def call(completer: Completer, cancel: Cancel) -> Answer:
            return completer.complete(request, snapshot=snapshot, cancel=cancel)

        return await self._worker.run(key, call)

    async def read_ahead(self, key: str, request: Request, snapshot: Snapshot | None) -> int:
        """Read what the request will need; see `Engine.read_ahead`."""

        def call(completer: Completer, cancel: Cancel) -> int:
            return completer.read_ahead(request, snapshot=snapshot, cancel=cancel)

        return await self._worker.run(key, call)

    def unload_after(self, minutes: float) -> None:
        """Free the weights after so long without a request; see `Engine.unload_after`."""
        self._worker.unload_after(60 * minutes or None)

    async def retire(self) -> None:
        """Finish what was asked, take on nothing new, and let go of the model."""
        await asyncio.get_running_loop().run_in_executor(None, self._worker.retire)

    async def stop(self) -> None:
        """Stop what runs, or loads, and let go of the model; idempotent."""
        self._loading.set()
        await asyncio.get_running_loop().run_in_executor(None, self._worker.stop)


def _load(user: UserSettings, cancel: Cancel) -> Completer:
    completer = load_completer(user, cancel, remote=True, fresh_s=math.inf)
    try:
        selftest.check(completer, cancel)
    except BaseException:
        completer.close()
        raise
    return completer
