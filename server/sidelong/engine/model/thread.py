"""One thread that owns a model, and the queue before it.

The event loop asks; the newest request of a key (a document) wins, and an older one stops inside
the decoder.
Every request ends exactly once: with a result, an error, `Superseded`, or cancellation.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sidelong.engine.model.protocol import Cancel, Stopped, Superseded

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class _Job(Generic[T]):
    call: Callable[[T, Cancel], Any]
    cancel: Cancel
    future: asyncio.Future[Any]


class ModelThread(Generic[T]):
    """Runs calls on a value that only its own thread touches; the other methods are the loop's."""

    def __init__(self, load: Callable[[], T], let_go: Callable[[T], None] | None = None) -> None:
        """`load` makes the value on the thread, and `let_go` ends it there.

        What `load` raises, `ready` raises.
        """
        self._load = load
        self._let_go = let_go
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._jobs: queue.SimpleQueue[_Job[T] | None] = queue.SimpleQueue()
        self._newest: dict[str, _Job[T]] = {}
        self._closing = False
        """True once no new call is taken on."""
        self._stopping = False
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

    def retire(self) -> None:
        """Take on nothing new, do what was asked, and wait for the thread; for any thread."""
        if not self._closing:
            self._closing = True
            self._jobs.put(None)
        self._thread.join()

    def stop(self) -> None:
        """Stop what runs, drop what waits, and wait for the thread; idempotent, for any thread."""
        self._closing = True
        if not self._stopping:
            self._stopping = True
            self._post(self._ready, error=Stopped())
            for job in list(self._newest.values()):
                job.cancel.set()
                self._post(job.future, error=Superseded())
            self._jobs.put(None)
        self._thread.join()

    def _main(self) -> None:
        try:
            value = self._load()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for `ready`
            self._post(self._ready, error=error)
            return
        self._post(self._ready, result=None)
        while (job := self._jobs.get()) is not None:
            self._do(job, value)
        if self._let_go is not None:
            self._let_go(value)

    def _do(self, job: _Job[T], value: T) -> None:
        if job.cancel.is_set():
            return
        try:
            result = job.call(value, job.cancel)
        except Stopped:
            self._post(job.future, error=Superseded())
        except Exception as error:  # noqa: BLE001 - the loop must go on; the asker gets it
            self._post(job.future, error=error)
        else:
            self._post(job.future, result=result)

    def _post(
        self, future: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None
    ) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, future, result, error)
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
