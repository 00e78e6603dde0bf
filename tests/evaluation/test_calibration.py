"""Choosing a threshold: where retrieval helps, within a budget, judged on unseen blanks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sidelong.cli.calibrate.calibration import (
    LEAST_TO_CORRECT,
    Calibration,
    calibrate,
    correct,
)
from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import candidates, helped

if TYPE_CHECKING:
    from tests.evaluation.conftest import NewTrial


@pytest.fixture
def telling(trial: NewTrial) -> list[Trial]:
    """Retrieval helps above 0.3 and hurts below: 10 ms without it, 30 with it."""
    helped = [trial("wrong", "right", p=0.4 + i / 100) for i in range(10)]
    hurt = [trial("right", "wrong", p=0.1 + i / 100) for i in range(10)]
    return [one for pair in zip(helped, hurt, strict=True) for one in pair]


def chosen(
    trials: list[Trial],
    *,
    current: float,
    budget_ms: float | None = None,
    in_use: list[float] | None = None,
) -> Calibration:
    found = calibrate(trials, current=current, budget_ms=budget_ms, in_use=in_use)
    assert found is not None
    return found


def test_the_threshold_parts_where_it_helps_from_where_it_hurts(telling: list[Trial]) -> None:
    found = chosen(telling, current=0.9)
    assert 0.19 < found.chosen.threshold < 0.4
    assert (found.chosen.exact, found.chosen.retrieved) == (1.0, 0.5)
    assert (found.current.exact, found.current.retrieved) == (0.5, 0.0)
    assert found.worthwhile
    assert found.certain


def test_the_gain_is_that_on_unseen_blanks(telling: list[Trial]) -> None:
    found = chosen(telling, current=0.9)
    wrong = telling[0].completions["never"].edit_similarity
    assert found.gain.mean == pytest.approx((1 - wrong) / 2)


def test_a_choice_by_chance_gains_nothing_on_unseen_blanks(trial: NewTrial) -> None:
    # One blank is helped and looks like no other: chosen on it, judged without it.
    trials = [trial("right", "wrong", p=i / 20) for i in range(10)]
    trials[9] = trial("wrong", "right", p=0.45)
    found = chosen(trials, current=1.0)
    assert found.chosen.exact == 1.0
    assert found.gain.mean <= 0
    assert not found.worthwhile


def test_a_budget_rules_thresholds_out(telling: list[Trial]) -> None:
    found = chosen(telling, current=0.0, budget_ms=15)
    assert found.over_budget
    assert found.chosen.ms <= 15
    assert found.chosen.retrieved == 0.25
    assert found.worthwhile


def test_where_no_threshold_is_fast_enough_the_fastest_is_chosen(telling: list[Trial]) -> None:
    found = chosen(telling, current=0.0, budget_ms=1)
    assert (found.chosen.retrieved, found.chosen.ms) == (0.0, 10)


def test_a_threshold_that_decides_alike_is_not_worth_a_change(telling: list[Trial]) -> None:
    assert not chosen(telling, current=0.3).worthwhile


def test_of_equals_the_one_that_retrieves_least(trial: NewTrial) -> None:
    found = chosen([trial("same", "same", p=i / 9) for i in range(9)], current=0.5)
    assert found.chosen.retrieved == 0


def test_too_few_blanks_or_no_token_to_decide_with_give_nothing(trial: NewTrial) -> None:
    assert calibrate([trial()] * 4, current=0.5) is None
    assert calibrate([trial(p=None)] * 9, current=0.5) is None


def test_candidates_lie_between_the_probabilities() -> None:
    assert candidates([0.2, 0.4, 0.2, 0.9]) == pytest.approx([0.0, 0.3, 0.65, 1.0])
    assert len(candidates([i / 1000 for i in range(1000)])) == 102


def told(trial: NewTrial, n: int = 120, *, telling: bool) -> tuple[list[Trial], Any, list[float]]:
    """Retrieval helps half of the blanks, a few a file; only the state's first number knows."""
    rng = np.random.default_rng(0)
    helps = rng.random(n) < 0.5
    hidden = rng.normal(size=(n, 12))
    if telling:
        hidden[:, 0] = np.where(helps, 2.0, -2.0)
    asked = rng.uniform(0.1, 0.9, n).tolist()
    trials = [
        trial("wrong" if h else "right", "right" if h else "wrong", p=p, path=f"{i % 40}.py")
        for i, (h, p) in enumerate(zip(helps, asked, strict=True))
    ]
    return trials, hidden, asked


def test_a_correction_that_knows_is_surely_better(trial: NewTrial) -> None:
    trials, hidden, asked = told(trial, telling=True)
    found = correct(trials, asked=asked, hidden=hidden, models="m", current=0.5)
    assert found is not None
    assert found.worthwhile
    assert found.auc > 0.95
    assert found.auc_probability < 0.65
    assert found.chosen.exact > 0.95
    said = [found.correction.of(p, state) for p, state in zip(asked, hidden, strict=True)]
    retrieve = [p >= found.chosen.threshold for p in said]
    helps = helped(trials)
    assert np.mean(np.array(retrieve) == helps) > 0.95


def test_a_correction_that_knows_nothing_is_not(trial: NewTrial) -> None:
    trials, hidden, asked = told(trial, telling=False)
    found = correct(trials, asked=asked, hidden=hidden, models="m", current=0.5)
    assert found is not None
    assert not found.worthwhile


@pytest.mark.parametrize(
    ("over_chosen", "over_current", "worthwhile"),
    [(0.01, 0.01, True), (0.01, -0.01, False), (-0.01, 0.01, False)],
)
def test_a_correction_has_to_beat_what_is_in_use_as_well(
    trial: NewTrial, over_chosen: float, over_current: float, worthwhile: bool
) -> None:
    trials, hidden, asked = told(trial, telling=False)
    found = correct(trials, asked=asked, hidden=hidden, models="m", current=0.5)
    assert found is not None
    judged = replace(
        found,
        gain=Interval(0.02, over_chosen, 0.03),
        over_current=Interval(0.02, over_current, 0.03),
    )
    assert judged.worthwhile is worthwhile


def test_a_choice_has_to_beat_the_correction_that_is_in_use(telling: list[Trial]) -> None:
    right = [float(helps) for helps in helped(telling)]
    assert chosen(telling, current=0.9).worthwhile
    found = chosen(telling, current=0.9, in_use=right)
    assert (found.current.exact, found.current.retrieved) == (1.0, 0.5)
    assert found.gain.mean <= 0
    assert not found.worthwhile


def test_a_choice_may_retrieve_as_often_as_a_correction_that_is_worse(
    telling: list[Trial],
) -> None:
    wrong = [float(not helps) for helps in helped(telling)]
    found = chosen(telling, current=0.9, in_use=wrong)
    assert found.chosen.retrieved == found.current.retrieved
    assert found.worthwhile


def test_a_correction_has_to_beat_the_one_that_is_in_use(trial: NewTrial) -> None:
    trials, hidden, asked = told(trial, telling=True)
    right = [float(helps) for helps in helped(trials)]
    found = correct(trials, asked=asked, hidden=hidden, models="m", current=0.5, in_use=right)
    assert found is not None
    assert found.gain.low > 0
    assert found.over_current.mean <= 0
    assert not found.worthwhile


def test_a_few_blanks_make_no_correction(trial: NewTrial) -> None:
    trials, hidden, asked = told(trial, telling=True)
    some = slice(LEAST_TO_CORRECT - 1)
    assert (
        correct(trials[some], asked=asked[some], hidden=hidden[some], models="m", current=0.5)
        is None
    )


def test_each_blank_is_judged_without_its_file(trial: NewTrial) -> None:
    # All blanks of a file have one state and one fate, which another file's do not foretell.
    rng = np.random.default_rng(1)
    states, fates = rng.normal(size=(30, 60)), rng.random(30) < 0.5
    files = [i // 5 for i in range(150)]
    trials = [
        trial("wrong" if fates[f] else "right", "right" if fates[f] else "wrong", path=f"{f}.py")
        for f in files
    ]
    asked = rng.uniform(0.1, 0.9, 150).tolist()
    found = correct(trials, asked=asked, hidden=states[files], models="m", current=0.5)
    assert found is not None
    assert found.auc < 0.7
    assert not found.worthwhile
