"""A model for one command: loaded, asked on a thread of its own, and closed.

The thread is there for Ctrl-C, which stops the model inside its decoder, or while it loads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final, TypeVar

from sidelong.cli.bars import Patience
from sidelong.engine import Answer, Cancel, Completer, Request, load_completer
from sidelong.settings import UserSettings
from sidelong.waiting import result_of
from sidelong_index import Snapshot

T = TypeVar("T")

LOADING_S: Final = 1.0
"""A loading model notices a set flag between two tensors, unless its disk does not answer."""


@contextmanager
def loaded(user: UserSettings, *, remote: bool = False) -> Iterator[Completer]:
    """A completer on the user's model; raises `ModelError` if that cannot be loaded.

    Nothing is asked of a remote model unless `remote` says so.
    """
    with Patience("Loading the model"):
        completer = interruptible(lambda cancel: load_completer(user, cancel, remote=remote))
    try:
        yield completer
    finally:
        completer.close()


def ask(completer: Completer, request: Request, snapshot: Snapshot | None) -> Answer:
    """The answer; `KeyboardInterrupt` waits for the decoder to have stopped."""
    return interruptible(
        lambda cancel: completer.complete(request, snapshot=snapshot, cancel=cancel),
        leaves_after_s=None,
    )


def interruptible(call: Callable[[Cancel], T], *, leaves_after_s: float | None = LOADING_S) -> T:
    """The result of `call`, on a thread of its own; Ctrl-C sets its flag.

    A call that has not ended `leaves_after_s` seconds later is left behind: it may be reading a
    file on a disk that does not answer.
    """
    cancel = Cancel()
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call(cancel))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            future.set_exception(error)

    thread = threading.Thread(target=work, name="sidelong-model", daemon=True)
    thread.start()
    try:
        return result_of(future, cancel)
    finally:
        thread.join(leaves_after_s)
