"""The figures of trials: a few counted by hand, and many counted by scikit-learn."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sklearn.calibration import calibration_curve  # type: ignore[import-untyped]
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from sidelong.evaluation.decision import auc
from sidelong.evaluation.reliability import calibration_error, reliability
from sidelong.evaluation.run import Completion, Mode, Trial
from sidelong.evaluation.summary import (
    ALL_KINDS,
    Gating,
    ModeScores,
    Summary,
    probabilities,
    summarise,
    sweep,
)
from sidelong.evaluation.words import sentences

if TYPE_CHECKING:
    from tests.evaluation.conftest import NewTrial


def four(trial: NewTrial) -> list[Trial]:
    return [
        trial("wrong", "right", p=0.9),
        trial("right", "right", p=0.1),
        trial("right", "nope!", p=0.6, kind="call"),
        trial("wrong", "right", p=0.2, kind="call"),
    ]


def row(summary: Summary, mode: Mode, kind: str = ALL_KINDS) -> ModeScores:
    return next(row for row in summary.rows if (row.mode, row.kind) == (mode, kind))


def gating(summary: Summary) -> Gating:
    assert summary.gating is not None
    return summary.gating


def test_each_mode_is_scored_on_all_blanks_and_on_those_of_a_kind(trial: NewTrial) -> None:
    summary = summarise(four(trial))
    exact = {mode: row(summary, mode).exact.mean for mode in ("never", "always", "threshold")}
    assert exact == {"never": 0.5, "always": 0.75, "threshold": 0.5}
    assert (row(summary, "always", "call").n, row(summary, "always", "call").exact.mean) == (2, 0.5)
    assert row(summary, "threshold").retrieved == 0.5


def test_a_mode_pays_for_what_it_evaluated_itself(trial: NewTrial) -> None:
    rows = [r for r in summarise(four(trial)).rows if r.kind == ALL_KINDS and r.mode != "greedy"]
    costs = {r.mode: (r.cost.ms.mean, r.cost.evaluated) for r in rows}
    assert costs == {"never": (10, 100), "always": (30, 150), "threshold": (20, 125)}


def test_retrieval_helps_changes_nothing_or_hurts(trial: NewTrial) -> None:
    overall, lines, calls = summarise(four(trial)).benefits
    assert (overall.helps, overall.nothing, overall.hurts, overall.oracle) == (0.5, 0.25, 0.25, 1.0)
    assert (lines.kind, lines.hurts, calls.kind, calls.hurts) == ("line", 0, "call", 0.5)


def test_abstentions_are_right_or_hopeless_or_missed(trial: NewTrial) -> None:
    hopeless = trial("wrong", "wrong", p=0.3)
    by_rule = {a.rule: a for a in gating(summarise([*four(trial), hopeless])).abstentions}
    found = by_rule["threshold"]
    assert found.n == 3
    assert [found.right, found.hopeless, found.missed] == pytest.approx([1 / 3] * 3)


def test_a_rule_that_never_abstains_has_no_shares(trial: NewTrial) -> None:
    (_, found) = gating(summarise([trial("a", "b", p=0.9)])).abstentions
    assert found.n == 0
    assert math.isnan(found.missed)


def test_deciding_right_is_to_retrieve_exactly_where_it_helps(trial: NewTrial) -> None:
    judged = {j.rule: j for j in gating(summarise(four(trial))).judged}
    assert (judged["threshold"].accuracy, judged["threshold"].abstained_rightly) == (0.5, 0.5)
    assert judged["greedy"].over_never.mean == 0


def test_a_sweep_puts_never_and_always_together(trial: NewTrial) -> None:
    always, middle, never = sweep(four(trial), [0.0, 0.8, 1.0])
    assert (always.retrieved, always.exact, always.ms) == (1.0, 0.75, 30)
    assert (middle.retrieved, middle.exact, middle.ms) == (0.25, 0.75, 15)
    assert (never.retrieved, never.exact, never.ms) == (0.0, 0.5, 10)


def test_the_measured_threshold_is_a_point_of_the_sweep(trial: NewTrial) -> None:
    trials = four(trial)
    (point,) = sweep(trials, [0.4])
    measured = row(summarise(trials), "threshold")
    assert point.edit_similarity == measured.edit_similarity.mean
    assert (point.ms, point.retrieved) == (measured.cost.ms.mean, measured.retrieved)


def test_a_model_that_cannot_decide_has_no_gating(trial: NewTrial) -> None:
    summary = summarise([trial("wrong", "right", p=None)])
    assert summary.gating is None
    assert summary.benefits[0].helps == 1


def test_a_policy_that_is_asked_only_where_it_decides_is_heard(trial: NewTrial) -> None:
    asked = trial("wrong", "right", p=0.9)
    silent: dict[Mode, Completion] = {
        mode: replace(o, gate=replace(o.gate, probability=None))
        for mode, o in asked.completions.items()
    }
    silent["threshold"] = asked.completions["threshold"]
    assert probabilities([Trial(asked.case, silent)]) == [0.9]


def test_a_corrected_probability_is_what_is_judged(trial: NewTrial) -> None:
    asked = trial("wrong", "right", p=0.9)
    served = asked.completions["threshold"]
    corrected = replace(served, gate=replace(served.gate, corrected=0.2))
    judged = Trial(asked.case, {**asked.completions, "threshold": corrected})
    assert probabilities([judged]) == [0.2]
    assert gating(summarise([judged])).corrected
    assert not gating(summarise([asked])).corrected


@pytest.mark.parametrize(("without", "with_"), [("right", "right"), ("wrong", "right")])
def test_where_it_helps_everywhere_or_nowhere_nothing_is_told_apart(
    trial: NewTrial, without: str, with_: str
) -> None:
    said = list(sentences(summarise([trial(without, with_, p=p) for p in (0.2, 0.6)])))
    assert "P(<cc>) has nothing to tell apart" in said[1]
    assert not any("nan" in sentence for sentence in said)


def test_auc_is_scikit_learns() -> None:
    rng = random.Random(7)
    scores = [round(rng.random(), 1) for _ in range(200)]
    labels = [rng.random() < score for score in scores]
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_reliability_is_scikit_learns() -> None:
    rng = random.Random(8)
    forecasts = [rng.random() for _ in range(300)]
    happened = [rng.random() < forecast**2 for forecast in forecasts]
    shares, means = calibration_curve(happened, forecasts, n_bins=10)
    bins = reliability(forecasts, happened)
    assert [b.happened for b in bins] == pytest.approx(list(shares))
    assert [b.probability for b in bins] == pytest.approx(list(means))
    assert sum(b.n for b in bins) == 300


def test_calibration_error_is_the_mean_gap() -> None:
    bins = reliability([0.1, 0.1, 0.9, 0.9], [False, False, True, False])
    assert calibration_error(bins) == pytest.approx((0.1 * 2 + 0.4 * 2) / 4)
    assert calibration_error([]) == 0


def test_certainty_is_in_the_last_bin() -> None:
    (only,) = reliability([1.0], [True])
    assert (only.low, only.high, only.n) == (0.9, 1.0, 1)
