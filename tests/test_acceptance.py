"""Conclusions from counts of acceptance; there are none from too few."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sidelong.acceptance import (
    LEAST,
    MOST_MODELS,
    MOST_SHOWN,
    Cell,
    Tally,
    difference,
    from_json,
    margin,
    merged,
    moved,
    to_json,
    too_unsure,
    total,
    wilson,
)
from sidelong.engine.gate import Decision


def cell(p: float | None, *, retrieved: bool = False, sure: float = 0.3, **gate: Any) -> Cell:
    decided: Any = {"threshold": 0.5, "rule": "threshold", **gate}
    return Cell.of(Decision(p, retrieved=retrieved, **decided), sure)


def test_suggestions_alike_are_counted_together() -> None:
    assert cell(0.500) == cell(0.501)
    assert cell(0.5) != cell(0.6)
    assert cell(0.5) != cell(0.5, retrieved=True)
    assert cell(0.5, sure=0.011) == cell(0.5, sure=0.019) != cell(0.5, sure=0.021)


def test_what_was_compared_with_the_threshold_counts() -> None:
    assert cell(0.1, corrected=0.9) == cell(0.9)
    assert cell(None).odds is None
    assert cell(0.5, rule="always").odds is None
    assert cell(0.5, rule="greedy").odds is None


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 29 of 29.
    assert wilson(Tally(263, 81)) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(Tally(148, 15)) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(Tally(20, 0)) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(Tally(29, 29)) == pytest.approx((0.8830, 1.0), abs=1e-4)
    assert wilson(Tally()) == (0, 1)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe (1998, II), table II, method 10: 56/70 against 48/80, and 9/10 against 3/10.
    assert difference(Tally(70, 56), Tally(80, 48)) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert difference(Tally(10, 9), Tally(10, 3)) == pytest.approx((0.1705, 0.8090), abs=1e-4)
    assert difference(Tally(), Tally(10, 3)) == (-1, 1)


def test_what_retrieval_adds_is_read_off_close_decisions() -> None:
    counts = {
        cell(0.55, retrieved=True): Tally(100, 60),
        cell(0.45): Tally(100, 30),
        cell(0.95, retrieved=True): Tally(1000, 0),
        cell(0.05): Tally(1000, 1000),
        cell(None, retrieved=True): Tally(1000, 0),
    }
    close = margin(counts, 0.5)
    assert (close.above, close.below) == (Tally(100, 60), Tally(100, 30))
    assert close.step < 0
    assert moved(0.5, close.step) == pytest.approx(0.3775, abs=1e-3)


def test_where_retrieval_costs_acceptance_the_threshold_rises() -> None:
    counts = {cell(0.55, retrieved=True): Tally(100, 30), cell(0.45): Tally(100, 60)}
    assert moved(0.5, margin(counts, 0.5).step) == pytest.approx(0.6225, abs=1e-3)


def test_decisions_of_another_threshold_do_not_count() -> None:
    # Taken without retrieval above the threshold: it was higher then.
    counts = {cell(0.65): Tally(100, 90), cell(0.35, retrieved=True): Tally(100, 10)}
    assert margin(counts, 0.5).above == Tally() == margin(counts, 0.5).below


def test_a_bin_that_the_threshold_divides_counts_on_both_sides() -> None:
    counts = {cell(0.301, retrieved=True): Tally(7, 1), cell(0.299): Tally(9, 2)}
    assert cell(0.301).odds == cell(0.299).odds
    close = margin(counts, 0.3)
    assert (close.above, close.below) == (Tally(7, 1), Tally(9, 2))


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (Tally(100, 31), Tally(100, 30)),
        (Tally(LEAST - 1, LEAST - 1), Tally(1000, 0)),
        (Tally(1000, 0), Tally(LEAST - 1, LEAST - 1)),
        (Tally(), Tally()),
    ],
)
def test_what_may_be_chance_moves_nothing(above: Tally, below: Tally) -> None:
    counts = {cell(0.55, retrieved=True): above, cell(0.45): below}
    assert margin(counts, 0.5).step == 0


def test_what_is_hardly_ever_taken_is_found() -> None:
    counts = {
        cell(None, sure=0.005): Tally(100, 1),
        cell(None, sure=0.03): Tally(200, 2),
        cell(None, sure=0.3): Tally(200, 80),
    }
    assert too_unsure(counts) == (0.05, Tally(300, 3))


def test_many_refusals_hide_nothing_that_is_taken() -> None:
    counts = {cell(None, sure=0.005): Tally(900, 1), cell(None, sure=0.03): Tally(10, 5)}
    assert too_unsure(counts) == (0.01, Tally(900, 1))


def test_a_few_refusals_hide_nothing() -> None:
    assert too_unsure({cell(None, sure=0.01): Tally(40, 0)}) is None
    assert too_unsure({}) is None


def test_counts_add_up_and_survive_being_kept() -> None:
    one = {"a": {cell(0.5): Tally(3, 1)}, "b": {cell(None): Tally(1, 1)}}
    two = {"a": {cell(0.5): Tally(2, 2), cell(0.9): Tally(1, 0)}}
    both = merged(one, two)
    assert both["a"] == {cell(0.5): Tally(5, 3), cell(0.9): Tally(1, 0)}
    assert both["b"] == one["b"]
    assert from_json(json.loads(json.dumps(to_json(both)))) == both


def test_old_habits_fade_and_old_models_go() -> None:
    counts = {"m": {cell(0.5): Tally(MOST_SHOWN, 4000), cell(0.9): Tally(1, 1)}}
    faded = merged({}, counts)["m"]
    assert total(faded.values()) == Tally(MOST_SHOWN // 2, 2000)
    many = {f"{i}": {cell(0.5): Tally(1, 0)} for i in range(MOST_MODELS)}
    assert "0" not in merged(many, counts)
    assert "m" in merged(many, counts)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [[True, 1]],
        [[True, 1, 2, 3, 4]],
        [[True, 1, 2, 3, -1]],
        [["yes", 1, 2, 3, 1]],
        [[True, "1", 2, 3, 1]],
        [[True, 1, 2.5, 3, 1]],
    ],
    ids=str,
)
def test_damaged_counts_are_refused(rows: object) -> None:
    with pytest.raises(ValueError, match="it"):
        from_json({"format": 1, "models": {"m": rows}})
    with pytest.raises(ValueError, match="it"):
        from_json(rows)
