"""The decision to retrieve, scored on cases small enough to count by hand."""

import math

import numpy as np
import pytest

from sidelong.evaluation.decision import auc, best, decide, oracle, shares, sweep

PROBABILITIES = [0.9, 0.6, 0.4, 0.1]
WITHOUT = [0.2, 0.5, 0.5, 1.0]
WITH = [0.8, 0.5, 0.9, 0.4]


def test_auc_counts_the_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 6, 60) / 5
    labels = rng.random(60) < 0.4
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[labels] for n in scores[~labels]]
    assert auc(scores, labels) == pytest.approx(np.mean(pairs))
    assert auc([0.1, 0.9], [False, True]) == 1.0
    assert math.isnan(auc([0.1, 0.9], [True, True]))


def test_shares_add_up() -> None:
    found = shares(WITHOUT, WITH)
    assert (found.helps, found.nothing, found.hurts) == (0.5, 0.25, 0.25)
    assert shares(WITHOUT, WITH, margin=0.5).helps == 0.25


def test_deciding_at_a_threshold() -> None:
    found = decide(PROBABILITIES, WITHOUT, WITH, threshold=0.5)
    assert found.retrieved == 0.5
    assert found.score == pytest.approx((0.8 + 0.5 + 0.5 + 1.0) / 4)
    assert found.accuracy == 0.5
    assert found.abstained_rightly == 0.5


def test_never_abstaining_has_no_share_of_right_abstentions() -> None:
    assert math.isnan(decide(PROBABILITIES, WITHOUT, WITH, threshold=0.0).abstained_rightly)


def test_the_sweep_finds_the_threshold_that_scores_best() -> None:
    points = sweep(PROBABILITIES, WITHOUT, WITH)
    assert [points[0].retrieved, points[-1].retrieved] == [1.0, 0.0]
    assert best(points).score == pytest.approx(oracle(WITHOUT, WITH))
    assert 0.1 < best(points).threshold <= 0.4
