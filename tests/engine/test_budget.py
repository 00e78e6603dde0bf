"""The window follows the speed of the machine, between a floor and the model's own budget."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelong.engine.budget import FLOOR, Window, affordable, can_shrink
from sidelong.engine.prompt import Budget
from sidelong.settings import Settings

OWN = Budget(prefix=512, suffix=160, context=448, generated=64)
"""The default model's."""

budgets = st.builds(Budget, *[st.integers(0, 4096)] * 4)


def read(window: Window) -> int:
    return window.budget.prefix + window.budget.suffix + window.budget.context


def test_a_fast_machine_reads_what_the_model_was_made_for() -> None:
    assert affordable(OWN, 1120) == Window(OWN)
    assert affordable(OWN, 5000) == Window(OWN)


def test_a_slower_one_reads_as_much_as_it_can_in_a_second_and_says_why() -> None:
    window = affordable(OWN, 1000)
    assert 1000 - 3 * 16 < read(window) <= 1000
    assert window.shrunk
    assert "of the model's own 1,120 tokens, because this machine reads 1,000" in window.reason


def test_a_very_slow_one_reads_the_floor() -> None:
    floor = Budget(FLOOR.prefix, FLOOR.suffix, FLOOR.context, OWN.generated)
    assert affordable(OWN, 1).budget == affordable(OWN, 100).budget == floor


def test_two_models_share_the_second() -> None:
    assert affordable(OWN, 2000, seconds=0.5).budget == affordable(OWN, 1000).budget


def test_a_speed_that_is_not_known_changes_nothing() -> None:
    window = affordable(OWN, None)
    assert (window.budget, window.shrunk) == (OWN, False)
    assert "not measured" in window.reason


def test_a_model_with_a_small_window_keeps_it_on_any_machine() -> None:
    nano = Budget(prefix=256, suffix=96, context=0, generated=64)
    assert not can_shrink(nano)
    assert affordable(nano, 1) == affordable(nano, None) == Window(nano)


@given(own=budgets, slow=st.floats(0.1, 10_000), fast=st.floats(0.1, 10_000))
def test_it_lies_between_floor_and_own_and_grows_with_the_speed(
    own: Budget, slow: float, fast: float
) -> None:
    slow, fast = sorted((slow, fast))
    few, many = affordable(own, slow).budget, affordable(own, fast).budget
    least = (min(part, floor) for part, floor in zip(astuple(own), astuple(FLOOR), strict=True))
    for low, a, b, high in zip(least, astuple(few), astuple(many), astuple(own), strict=True):
        assert low <= a <= b <= high
    assert few.generated == own.generated


@given(own=budgets, prefill=st.floats(0.1, 10_000))
def test_it_is_read_in_time_unless_it_is_the_floor(own: Budget, prefill: float) -> None:
    window, floor = affordable(own, prefill), affordable(own, 0.1)
    assert read(window) <= max(prefill, read(floor))


@pytest.mark.parametrize("prefill", [1.0, 900.0, 5000.0])
def test_a_wish_of_the_user_wins(prefill: float) -> None:
    window = affordable(OWN, prefill).wished(Settings(prefix_tokens=700, max_tokens=9))
    assert (window.budget.prefix, window.budget.generated) == (700, 9)
    assert window.reason.endswith("; budget.prefix as set")
    assert window.budget.suffix == affordable(OWN, prefill).budget.suffix
