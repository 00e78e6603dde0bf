"""A model for one command: loaded, asked on a thread of its own, and closed.

The thread is there for Ctrl-C, which stops the model inside its decoder, or while it loads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sidelong.cli.bars import Patience
from sidelong.engine import Answer, Cancel, Completer, Request, load_completer
from sidelong.settings import UserSettings
from sidelong.waiting import result_of
from sidelong_index import Snapshot

T = TypeVar("T")


@contextmanager
def loaded(user: UserSettings) -> Iterator[Completer]:
    """A completer on the user's model; raises `ModelError` if that cannot be loaded."""
    with Patience("Loading the model"):
        completer = _interruptible(lambda cancel: load_completer(user, cancel))
    try:
        yield completer
    finally:
        completer.close()


def ask(completer: Completer, request: Request, snapshot: Snapshot | None) -> Answer:
    """The answer; `KeyboardInterrupt` waits for the decoder to have stopped."""
    return _interruptible(
        lambda cancel: completer.complete(request, snapshot=snapshot, cancel=cancel)
    )


def _interruptible(call: Callable[[Cancel], T]) -> T:
    cancel = Cancel()
    with ThreadPoolExecutor(1, thread_name_prefix="sidelong-model") as pool:
        return result_of(pool.submit(call, cancel), cancel)
