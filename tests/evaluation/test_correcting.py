"""Least squares with a penalty: as scikit-learn has it, and judged on unseen files."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge  # type: ignore[import-untyped]
from sklearn.model_selection import (  # type: ignore[import-untyped]
    GroupKFold,
    cross_val_predict,
)

from sidelong.cli.calibrate.fitting import FOLDS, Sample, fit, folds_of, ridge
from sidelong.engine.correction import Values
from sidelong.evaluation.decision import auc

ODDS_COUNT_FOR_NOTHING = 1e6
"""scikit-learn has one penalty for all columns: a column this large hardly feels it."""


def random(n: int, d: int, *, files: int, seed: int = 0) -> tuple[Values, Values, list[str]]:
    rng = np.random.default_rng(seed)
    paths = [f"{i}.py" for i in rng.integers(0, files, n)]
    return rng.uniform(0.05, 0.95, n), rng.normal(size=(n, d)), paths


@pytest.mark.parametrize(("n", "d"), [(60, 8), (30, 100)])
def test_ridge_is_that_of_scikit_learn(n: int, d: int) -> None:
    asked, states, _ = random(n, d, files=9)
    gains = asked + states[:, 0] + np.random.default_rng(1).normal(size=n)
    free = np.stack([np.ones(n), asked], axis=1)
    penalties = np.array([0.1, 10.0, 1e4])
    beta, weights = ridge(free, states, gains, penalties)
    for i, penalty in enumerate(penalties):
        columns = np.column_stack([asked * ODDS_COUNT_FOR_NOTHING, states])
        theirs = Ridge(alpha=penalty).fit(columns, gains)
        np.testing.assert_allclose(weights[:, i], theirs.coef_[1:], atol=1e-6)
        assert beta[0, i] == pytest.approx(theirs.intercept_, abs=1e-5)
        assert beta[1, i] == pytest.approx(theirs.coef_[0] * ODDS_COUNT_FOR_NOTHING, abs=1e-5)


def test_what_the_states_tell_of_unseen_files_is_found() -> None:
    asked, states, paths = random(400, 20, files=40)
    gains = 0.3 * states[:, 3] + 0.1 * np.random.default_rng(2).normal(size=400)
    sample = Sample(asked, states, gains, folds_of(paths))
    found = fit(sample, models="m")
    assert auc(sample.asked, gains > 0) < 0.6
    assert auc(found.corrected, gains > 0) > 0.9
    new, new_states, _ = random(400, 20, files=40, seed=5)
    said = [found.correction.of(float(p), s) for p, s in zip(new, new_states, strict=True)]
    assert auc(said, new_states[:, 3] > 0) > 0.9


def test_states_that_tell_nothing_hardly_move_the_decision() -> None:
    asked, states, paths = random(300, 100, files=30)
    gains = asked - 0.5 + 0.05 * np.random.default_rng(3).normal(size=300)
    found = fit(Sample(asked, states, gains, folds_of(paths)), models="m")
    assert auc(found.corrected, gains > 0) == pytest.approx(auc(asked, gains > 0), abs=0.03)


def test_forecasts_of_the_sample_are_made_without_the_file() -> None:
    # Each file gains by itself; a fit that has seen the file would know.
    rng = np.random.default_rng(4)
    files = [f"{i}.py" for i in range(20) for _ in range(10)]
    states = np.repeat(rng.normal(size=(20, 50)), 10, axis=0)
    gains = np.repeat(rng.normal(size=20), 10)
    asked = np.full(200, 0.5) + rng.uniform(-0.1, 0.1, 200)
    found = fit(Sample(asked, states, gains, folds_of(files)), models="m")
    theirs = cross_val_predict(
        Ridge(alpha=0.1), states, gains, groups=np.array(files), cv=GroupKFold(FOLDS)
    )
    assert auc(theirs, gains > 0) < 0.75
    assert auc(found.corrected, gains > 0) < 0.75


def test_a_threshold_retrieves_about_as_often_as_before() -> None:
    asked, states, paths = random(500, 10, files=50)
    gains = states[:, 0] + np.random.default_rng(6).normal(size=500)
    found = fit(Sample(asked, states, gains, folds_of(paths)), models="m")
    for threshold in (0.2, 0.5, 0.8):
        share = float((found.corrected >= threshold).mean())
        assert share == pytest.approx(float((asked >= threshold).mean()), abs=0.03)


def test_folds_are_of_whole_files() -> None:
    files = [f"{i % 12}.py" for i in range(60)]
    folds = folds_of(files)
    assert set(folds) == set(range(FOLDS))
    assert len({(file, fold) for file, fold in zip(files, folds, strict=True)}) == 12


def test_few_files_are_divided() -> None:
    assert folds_of(["a.py"] * 7).tolist() == [0, 1, 2, 3, 4, 0, 1]
