"""Progress bars at the client (`$/progress`), for clients that have them.

The callers report the progress, from any thread.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

T = TypeVar("T")

_Value = types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd


class WorkDone:
    """One progress bar, from its creation until `end`; owned by the event loop."""

    def __init__(self, server: LanguageServer, *, title: str, message: str) -> None:
        self._server = server
        self._begin = types.WorkDoneProgressBegin(title=title, message=message)
        self._token = str(uuid.uuid4())
        self._shown = False
        self._end: types.WorkDoneProgressEnd | None = None
        window = server.client_capabilities.window
        if window is not None and window.work_done_progress:
            self._ask()

    def report(self, message: str, percentage: int | None = None) -> None:
        """Show how far the work is."""
        if self._end is None:
            self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def end(self, message: str) -> None:
        """Take the bar away; idempotent."""
        if self._end is None:
            self._end = types.WorkDoneProgressEnd(message=message)
            self._send(self._end)

    def _ask(self) -> None:
        asked = self._server.protocol.send_request(
            types.WINDOW_WORK_DONE_PROGRESS_CREATE,
            types.WorkDoneProgressCreateParams(token=self._token),
        )
        asked.add_done_callback(self._on_answer)

    def _on_answer(self, answer: Future[Any]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        self._shown = True
        self._send(self._begin)
        if self._end is not None:
            self._send(self._end)

    def _send(self, value: _Value) -> None:
        # Before the client has agreed to the token it must not see any.
        if self._shown:
            params = types.ProgressParams(token=self._token, value=value)
            self._server.protocol.notify(types.PROGRESS, params)


class Newest(Generic[T]):
    """Carries values from any thread to the event loop; only the newest waits there."""

    def __init__(self, receive: Callable[[T], None]) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._values: list[T] = []
        self._scheduled = False

    def put(self, value: T) -> None:
        """Have the event loop receive `value`, unless a newer one comes first."""
        self._values = [value]
        if not self._scheduled:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                return

    def _deliver(self) -> None:
        # In this order a value put meanwhile is either received now or schedules a new turn.
        self._scheduled = False
        self._receive(self._values[-1])
