"""Two models on the same blanks: a few counted by hand, many counted by scikit-learn and SciPy."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]
from sklearn.metrics import confusion_matrix, roc_auc_score  # type: ignore[import-untyped]

from sidelong.cli.compare.findings import Comparison, compare, negative_flips, plug_in
from sidelong.cli.compare.words import sentences
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import completions

if TYPE_CHECKING:
    from tests.evaluation.conftest import NewTrial


def before(trial: NewTrial) -> list[Trial]:
    return [
        trial("right", p=0.1),
        trial("right", p=0.2),
        trial("wrong", "right", p=0.6),
        trial("wrong", p=0.3, kind="call"),
    ]


def after(trial: NewTrial) -> list[Trial]:
    """Loses the first for another near it, the third for nothing like it, and wins the fourth."""
    return [
        trial("rights", p=0.2, ms=(20, 60)),
        trial("right", p=0.3, ms=(20, 60)),
        trial("wrong", "=====", p=0.9, ms=(20, 60)),
        trial("right", "right", p=0.5, kind="call", ms=(20, 60)),
    ]


def test_flips_are_counted_of_all_blanks_and_of_each_kind(trial: NewTrial) -> None:
    overall, line, call = compare(before(trial), after(trial)).flips
    assert (overall.n, overall.negative, overall.positive) == (4, 2, 1)
    assert overall.negative_rate.mean == 0.5
    assert overall.negative_of_right == pytest.approx(2 / 3)
    assert (overall.positive_rate.mean, overall.positive_of_wrong) == (0.25, 1.0)
    assert (line.kind, line.negative, line.positive) == ("line", 2, 0)
    assert (call.kind, call.negative, call.positive) == ("call", 0, 1)


def test_a_share_of_nothing_cannot_be_counted(trial: NewTrial) -> None:
    (_, call, *_) = compare([trial("wrong", kind="call")], [trial("right", kind="call")]).flips
    assert math.isnan(call.negative_of_right)
    (_, line, *_) = compare([trial("right", p=0.1)], [trial("right", p=0.1)]).flips
    assert math.isnan(line.positive_of_wrong)


def test_the_worst_flip_comes_first(trial: NewTrial) -> None:
    olds, news = before(trial), after(trial)
    assert negative_flips(olds, news) == [(olds[2], news[2]), (olds[0], news[0])]
    assert negative_flips(news, olds) == [(news[3], olds[3])]


def test_scores_and_costs_are_of_the_mode_and_the_kind(trial: NewTrial) -> None:
    found = compare(before(trial), after(trial))
    rows = {(row.mode, row.kind): row for row in found.rows}
    served, always = rows["threshold", "all"], rows["always", "all"]
    assert (served.exact.old, served.exact.new, served.exact.difference.mean) == (0.75, 0.5, -0.25)
    assert (served.ms.old, served.ms.new, served.ms.difference.mean) == (15, 40, 25)
    assert (served.old_ms_median, served.new_ms_median) == (10, 40)
    assert (always.ms.old, always.ms.new, always.evaluated.difference.mean) == (30, 60, 0)
    assert rows["threshold", "call"].exact.new == 1.0
    assert ("never", "call") not in rows


def test_the_threshold_is_judged_by_how_often_it_retrieves(trial: NewTrial) -> None:
    found = compare(before(trial), after(trial)).thresholds
    assert found is not None
    assert (found.at_old.threshold, found.at_old.retrieved) == (0.4, 0.5)
    assert found.keeping.threshold == pytest.approx(0.7)
    assert found.keeping.retrieved == 0.25
    assert found.agreement == 0.75


def test_each_model_decides_at_its_own_threshold(trial: NewTrial) -> None:
    other = [trial("wrong", "right", p=p, threshold=0.15) for p in (0.1, 0.2, 0.3, 0.4)]
    mine = [trial("wrong", "right", p=p) for p in (0.1, 0.2, 0.5, 0.6)]
    found = compare(mine, other)
    assert found.old is not None
    assert found.new is not None
    assert (found.old.in_use.threshold, found.old.in_use.retrieved) == (0.4, 0.5)
    assert (found.new.in_use.threshold, found.new.in_use.retrieved) == (0.15, 0.75)
    assert found.thresholds is not None
    assert found.thresholds.at_old.retrieved == 0.25


def test_a_model_nobody_decides_for_has_no_threshold(trial: NewTrial) -> None:
    found = compare([trial("right", p=0.1)], [trial("wrong", p=None)])
    assert (found.new, found.thresholds) == (None, None)
    assert found.old is not None
    assert found.flips[0].negative == 1


def test_other_blanks_cannot_be_compared(trial: NewTrial) -> None:
    with pytest.raises(ValueError, match="different blanks"):
        compare([trial("right")], [trial("right", kind="call")])
    with pytest.raises(ValueError, match="or there are none"):
        compare([], [])


def test_a_model_compared_with_itself_differs_in_nothing(trial: NewTrial) -> None:
    found = compare(before(trial), before(trial))
    assert all(row.edit_similarity.difference.low == 0 for row in found.rows)
    assert all((flips.negative, flips.positive) == (0, 0) for flips in found.flips)
    assert found.thresholds is not None
    assert found.thresholds.agreement == 1
    assert found.old == found.new
    assert found.thresholds.keeping == found.thresholds.at_old


@pytest.mark.parametrize(
    ("old", "new", "n", "verdict"),
    [
        ("wrong", "right", 40, "the new model is better"),
        ("right", "wrong", 40, "the new model is worse"),
        ("right", "right", 40, "no difference"),
        ("wrong", "right", 20, "20 blanks are too few to judge by (-n)"),
    ],
)
def test_the_verdict_is_as_sure_as_the_interval(
    trial: NewTrial, old: str, new: str, n: int, verdict: str
) -> None:
    exact, *_ = sentences(compare([trial(old, p=0)] * n, [trial(new, p=0)] * n))
    assert exact.endswith(f"points: {verdict}.")


def test_a_difference_that_may_be_chance_is_called_that(trial: NewTrial) -> None:
    said = [trial("right", p=0), trial("wrong", p=0)] * 20
    exact, *_ = sentences(compare(said, said[1:] + said[:1]))
    assert "this may be chance" in exact


@pytest.mark.parametrize(
    ("probability", "meaning"), [(0.9, "does not mean the same"), (0.2, "means the same")]
)
def test_a_threshold_means_the_same_where_it_retrieves_as_often(
    trial: NewTrial, probability: float, meaning: str
) -> None:
    old, new = [trial(p=0.1)] * 40, [trial(p=probability)] * 40
    (said,) = [line for line in sentences(compare(old, new)) if line.startswith("The threshold")]
    assert said.startswith(f"The threshold 0.4 {meaning}")


def many(trial: NewTrial, seed: int) -> list[Trial]:
    """A hundred blanks that any seed completes differently."""
    rng = random.Random(seed)
    said = ("right", "righ", "rite", "left")
    return [trial(rng.choice(said), rng.choice(said), p=rng.random()) for _ in range(100)]


@pytest.fixture
def hundred(trial: NewTrial) -> tuple[list[Trial], list[Trial], Comparison]:
    old, new = many(trial, 1), many(trial, 2)
    return old, new, compare(old, new)


def test_flips_are_scikit_learns(hundred: tuple[list[Trial], list[Trial], Comparison]) -> None:
    old, new, found = hundred
    exact = [[o.exact for o in completions(trials, "threshold")] for trials in (old, new)]
    counted = confusion_matrix(*exact, labels=[False, True])
    assert (found.flips[0].negative, found.flips[0].positive) == (counted[1, 0], counted[0, 1])
    assert found.flips[0].negative_of_right == pytest.approx(counted[1, 0] / counted[1].sum())


def test_decisions_are_scikit_learns(hundred: tuple[list[Trial], list[Trial], Comparison]) -> None:
    _, new, found = hundred
    helps = [
        t.completions["always"].edit_similarity > t.completions["never"].edit_similarity
        for t in new
    ]
    asked = [t.completions["never"].gate.probability for t in new]
    assert found.new is not None
    assert found.new.auc == pytest.approx(roc_auc_score(helps, asked))


def test_the_interval_is_scipys(hundred: tuple[list[Trial], list[Trial], Comparison]) -> None:
    old, new, found = hundred
    gains = np.array([o.edit_similarity for o in completions(new, "always")]) - np.array(
        [o.edit_similarity for o in completions(old, "always")]
    )
    theirs = stats.bootstrap(
        (gains,), np.mean, method="percentile", n_resamples=9999, rng=np.random.default_rng(3)
    ).confidence_interval
    (ours,) = [row.edit_similarity.difference for row in found.rows if row.mode == "always"]
    assert ours.mean == pytest.approx(gains.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_a_policy_is_judged_beside_never_always_and_the_own_decision(trial: NewTrial) -> None:
    trials = [trial("wrong", "right", p=0.9), trial("right", "wrong", p=0.1)]
    own = [t.completions["always"] for t in trials]
    never, always, policy, itself = plug_in(trials, own)
    assert [row.decided for row in (never, always, policy, itself)] == [
        "never", "always", "policy", "own",
    ]  # fmt: skip
    assert [row.exact.mean for row in (never, always, policy, itself)] == [0.5, 0.5, 1.0, 0.5]
    assert (policy.retrieved, policy.ms.mean, itself.ms.mean) == (0.5, 20, 30)
    assert policy.over_never.mean == policy.over_always.mean > 0
    assert itself.over_always.mean == 0


def test_a_generator_that_cannot_decide_has_no_row_for_it(trial: NewTrial) -> None:
    assert [row.decided for row in plug_in([trial("right")], None)] == ["never", "always", "policy"]
