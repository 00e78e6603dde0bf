"""One thread that owns a model, and the queue before it.

The event loop asks; the newest request of a key (a document) wins, and an older one stops inside
the decoder.
Every request ends exactly once: with a result, an error, `Superseded`, or cancellation.
A model that nobody asks for a while is let go of, and the next request loads it again. The thread
does both between two requests, so neither meets a request halfway.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from sidelong.engine.model.protocol import Cancel, Stopped, Superseded

T = TypeVar("T")
R = TypeVar("R")

LOADING_S: Final = 1.0
"""The time to notice that a value is not wanted; a disk that does not answer notices nothing."""


WeightsState: TypeAlias = Literal["unloaded", "loading", "loaded"]

OnChange: TypeAlias = Callable[[WeightsState, BaseException | None], None]
"""Hears what became of the value after it was first loaded, and why it could not be again."""


class _Signal(Enum):
    """A message to the thread that is no call."""

    END = auto()
    IDLE_CHANGED = auto()


@dataclass(frozen=True)
class _Job(Generic[T]):
    call: Callable[[T, Cancel], Any]
    cancel: Cancel
    future: asyncio.Future[Any]


class ModelThread(Generic[T]):
    """Runs calls on a value that only its own thread touches; the other methods are the loop's."""

    def __init__(
        self,
        load: Callable[[], T],
        let_go: Callable[[T], None] | None = None,
        on_change: OnChange | None = None,
    ) -> None:
        """`load` makes the value on the thread, and `let_go` ends it there.

        What `load` raises at first, `ready` raises; later, the call that wanted the value.
        `on_change` is called on the event loop.
        """
        self._load = load
        self._let_go = let_go
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._jobs: queue.SimpleQueue[_Job[T] | _Signal] = queue.SimpleQueue()
        self._newest: dict[str, _Job[T]] = {}
        self._closing = False
        """True once no new call is taken on."""
        self._stopping = False
        self._idle_s: float | None = None
        """Seconds without a call until the value is let go of; None for never."""
        self._value: list[T] = []
        """The value while it is loaded; changed on the thread."""
        self._thread = threading.Thread(target=self._main, name="sidelong-model", daemon=True)
        self._thread.start()

    async def ready(self) -> None:
        """Wait until the value is loaded; raise what loading raised."""
        await asyncio.shield(self._ready)

    async def run(self, key: str, call: Callable[[T, Cancel], R]) -> R:
        """Run `call` on the worker's thread and return its result.

        Raises `Superseded` as soon as a newer call of the same key arrives.
        Cancelling the awaiting task sets the call's flag.
        """
        try:
            await self.ready()
        except Stopped:
            raise Superseded from None
        if self._closing:
            raise Superseded
        job = _Job[T](call, Cancel(), self._loop.create_future())
        older = self._newest.get(key)
        if older is not None:
            older.cancel.set()
            _settle(older.future, error=Superseded())
        self._newest[key] = job
        self._jobs.put(job)
        try:
            result: R = await job.future
            return result
        finally:
            job.cancel.set()
            if self._newest.get(key) is job:
                del self._newest[key]

    def unload_after(self, idle_s: float | None) -> None:
        """Let go of the value once nobody has called for so many seconds; None for never.

        The next call loads it again.
        """
        if idle_s != self._idle_s:
            self._idle_s = idle_s
            self._jobs.put(_Signal.IDLE_CHANGED)

    def retire(self) -> None:
        """Take on nothing new, do what was asked, and wait for the thread; for any thread."""
        if not self._closing:
            self._closing = True
            self._jobs.put(_Signal.END)
        self._thread.join()

    def stop(self) -> None:
        """Stop what runs, drop what waits, and wait for the thread; idempotent, for any thread.

        A thread that still loads is waited for only `LOADING_S` seconds; what it loads it lets go
        of by itself.
        """
        self._closing = True
        if not self._stopping:
            self._stopping = True
            self._post(self._ready, error=Stopped())
            for job in list(self._newest.values()):
                job.cancel.set()
                self._post(job.future, error=Superseded())
            self._jobs.put(_Signal.END)
        self._thread.join(None if self._value else LOADING_S)

    def _main(self) -> None:
        try:
            self._value = [self._load()]
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for `ready`
            self._post(self._ready, error=error)
            return
        self._post(self._ready, result=None)
        while (job := self._next()) is not _Signal.END:
            if isinstance(job, _Job):
                self._do(job)
        self._end_value()

    def _next(self) -> _Job[T] | _Signal:
        """The next call or signal; the value is let go of meanwhile if that does not come soon."""
        try:
            return self._jobs.get(timeout=self._idle_s if self._value else None)
        except queue.Empty:
            self._end_value()
            self._tell("unloaded")
            return self._jobs.get()

    def _end_value(self) -> None:
        if self._value and self._let_go is not None:
            self._let_go(self._value[0])
        self._value = []

    def _do(self, job: _Job[T]) -> None:
        if job.cancel.is_set():
            return
        try:
            if not self._value:
                self._load_again()
            job.cancel.check()
            result = job.call(self._value[0], job.cancel)
        except Stopped:
            self._post(job.future, error=Superseded())
        except Exception as error:  # noqa: BLE001 - the loop must go on; the asker gets it
            self._post(job.future, error=error)
        else:
            self._post(job.future, result=result)

    def _load_again(self) -> None:
        self._tell("loading")
        try:
            self._value = [self._load()]
        except BaseException as error:
            self._tell("unloaded", error)
            raise
        self._tell("loaded")

    def _tell(self, state: WeightsState, error: BaseException | None = None) -> None:
        if self._on_change is not None:
            self._call(self._on_change, state, error)

    def _post(
        self, future: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None
    ) -> None:
        self._call(_settle, future, result, error)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            # The loop has closed: nobody can be waiting any more.
            return


def _settle(
    future: asyncio.Future[Any], result: Any = None, error: BaseException | None = None
) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
        return
    future.set_exception(error)
    # An error nobody awaits (a job dropped at shutdown) is no news.
    future.exception()
