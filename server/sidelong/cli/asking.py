"""A completer that is asked on a thread of its own, so that Ctrl-C stops it inside its decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sidelong.engine import Answer, Cancel, Completer, Correction, Request
from sidelong.evaluation.engine import ColdEngine
from sidelong.waiting import result_of
from sidelong_index import Exclusion, Snapshot

T = TypeVar("T")


class Asking:
    """A cold engine on the thread of `pool`; implements `run.Complete`."""

    def __init__(
        self, completer: Completer, pool: ThreadPoolExecutor, correction: Correction | None
    ) -> None:
        self._engine = ColdEngine(completer, Cancel(), correction)
        self._pool = pool

    def __call__(
        self, request: Request, *, snapshot: Snapshot | None, exclude: Exclusion
    ) -> Answer:
        return self.run(lambda engine: engine(request, snapshot=snapshot, exclude=exclude))

    def run(self, call: Callable[[ColdEngine], T]) -> T:
        """Make any other call on the engine, on its thread."""
        return result_of(self._pool.submit(call, self._engine), self._engine.cancel)


@contextmanager
def asking(completer: Completer, correction: Correction | None) -> Iterator[Asking]:
    """The completer, to be asked from the inside of the `with` block only."""
    with ThreadPoolExecutor(1, thread_name_prefix="sidelong-model") as pool:
        yield Asking(completer, pool, correction)
