"""Waiting in slices: until it is over, until time is up, or until Ctrl-C."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import NoReturn

import pytest

from sidelong.waiting import SLICE_S, result_of, wait_in_slices


def test_every_slice_is_short_and_the_last_one_ends_the_wait() -> None:
    slices: list[float] = []

    def third(seconds: float) -> bool:
        slices.append(seconds)
        return len(slices) == 3

    assert wait_in_slices(third)
    assert slices == [SLICE_S] * 3


def test_time_that_is_up_ends_the_wait() -> None:
    slices: list[float] = []

    def never(seconds: float) -> bool:
        slices.append(seconds)
        return False

    assert not wait_in_slices(never, at_most_s=0.0)
    assert slices == [0.0]


def test_ctrl_c_tells_the_call_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("sidelong.waiting.wait", interrupted)
    stop = Event()
    with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
        result_of(pool.submit(stop.wait), stop)
    assert stop.is_set()


def test_the_exception_of_the_call_is_raised() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        result_of(pool.submit(lambda: 1 / 0), Event())
