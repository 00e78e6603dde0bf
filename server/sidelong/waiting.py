"""Waiting that Ctrl-C ends at once, on every platform.

A wait without end cannot be interrupted on Windows, so every wait is cut into slices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Protocol, TypeVar

T = TypeVar("T")

SLICE_S = 0.1


class Flag(Protocol):
    """Something that tells a call on another thread to stop, such as `Cancel`."""

    def set(self) -> None: ...


def wait_in_slices(wait_for: Callable[[float], bool], *, at_most_s: float | None = None) -> bool:
    """Call `wait_for` with a few seconds at a time until it returns True.

    False if `at_most_s` seconds pass before that.
    """
    end = None if at_most_s is None else time.monotonic() + at_most_s
    while True:
        left = SLICE_S if end is None else min(SLICE_S, end - time.monotonic())
        if wait_for(max(0.0, left)):
            return True
        if end is not None and time.monotonic() >= end:
            return False


def result_of(future: Future[T], stop: Flag) -> T:
    """The future's result, or the exception it raised; Ctrl-C sets `stop` and is raised again."""
    try:
        wait_in_slices(lambda seconds: bool(wait([future], timeout=seconds).done))
    except KeyboardInterrupt:
        stop.set()
        raise
    return future.result()
