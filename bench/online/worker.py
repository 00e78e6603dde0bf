"""A completer on a thread of its own that counts tokens and measures calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from sidelong.engine import Cancel, Completer, Evaluation, Model, Stopped
from sidelong.waiting import wait_in_slices

T = TypeVar("T")


class PathThread:
    """One completer and its thread; the models it holds count their tokens until `close`."""

    def __init__(self, completer: Completer) -> None:
        self._completer = completer
        self._counted = [_Counted(model) for model in completer.models]
        completer.model = cast(Model, self._counted[0])
        if completer.policy is not None:
            completer.policy = cast(Model, self._counted[1])
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="bench-worker")
        self._newest: Cancel | None = None

    @property
    def tokens(self) -> int:
        """The number of tokens that went through its models until now."""
        return sum(model.tokens for model in self._counted)

    def submit(self, call: Callable[[Completer, Cancel], T]) -> Job[T]:
        """Start a call on the worker's thread, behind what was started there before."""
        job: Job[T] = Job(self, Cancel())
        self._newest = job.cancel
        job.future = self._pool.submit(job.run, lambda: call(self._completer, job.cancel))
        return job

    def forget(self) -> None:
        """Empty the caches."""

        def empty(completer: Completer, _: Cancel) -> None:
            for model in completer.models:
                model.forget()

        self.submit(empty).wait()

    def stop(self) -> None:
        """Stop the newest call inside its decoder."""
        if self._newest is not None:
            self._newest.set()

    def close(self) -> None:
        """Stop the newest call and end the thread; idempotent."""
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)


class Job(Generic[T]):
    """A call on a worker, its result and its cost."""

    future: Future[T]

    def __init__(self, worker: PathThread, cancel: Cancel) -> None:
        self.cancel = cancel
        self.ms, self.tokens, self.ended = 0.0, 0, 0.0
        self._worker = worker

    def run(self, call: Callable[[], T]) -> T:
        """Make the call and measure it; runs on the worker's thread."""
        tokens, start = self._worker.tokens, time.perf_counter()
        try:
            return call()
        finally:
            self.ended = time.perf_counter()
            self.ms = (self.ended - start) * 1000
            self.tokens = self._worker.tokens - tokens

    def wait(self, until: float | None = None) -> Job[T]:
        """Wait for the end, but not longer than `until` on `time.perf_counter`.

        Raises the call's exception, unless it ended because it was stopped.
        """
        wait_in_slices(
            lambda seconds: bool(wait([self.future], timeout=seconds).done),
            at_most_s=None if until is None else max(0.0, until - time.perf_counter()),
        )
        if self.future.done():
            error = self.future.exception()
            if error is not None and not (isinstance(error, Stopped) and self.cancel.is_set()):
                raise error
        return self

    @property
    def value(self) -> T:
        """The call's result."""
        return self.future.result()


@dataclass
class _Counted:
    """A model that counts the tokens it evaluates; all else is the model's own."""

    _model: Model
    tokens: int = 0

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        evaluation = self._model.evaluate(tokens, rows=rows, cancel=cancel, hidden=hidden)
        self.tokens += evaluation.evaluated
        return evaluation

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)
