"""The threshold and the correction of the decision that suit a workspace best; pure.

Both are chosen on the workspace's own blanks and judged on files that they were not chosen on.
Fitting a correction is left to `fitting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sidelong.cli.calibrate.fitting import FOLDS, Sample, fit, folds_of
from sidelong.engine import Correction
from sidelong.evaluation.decision import auc
from sidelong.evaluation.metrics import Interval, bootstrap_interval
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import (
    Point,
    candidates,
    helped,
    probabilities,
    similarities,
    sweep,
)

LEAST_TO_CORRECT = 50
"""Blanks; fewer say nothing about hundreds of weights."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """The best threshold beside the one in use; both on all blanks."""

    current: Point
    chosen: Point
    gain: Interval
    """Edit similarity over the threshold in use, on blanks that the choice had not seen."""
    budget_ms: float | None

    @property
    def over_budget(self) -> bool:
        """True if the threshold in use takes longer than the budget."""
        return self.budget_ms is not None and self.current.ms > self.budget_ms

    @property
    def worthwhile(self) -> bool:
        """True if the change gains on unseen blanks, or is needed to keep the budget."""
        if replace(self.chosen, threshold=self.current.threshold) == self.current:
            return False  # they decide alike
        return self.over_budget or self.gain.mean > 0

    @property
    def certain(self) -> bool:
        """True if the gain's interval lies above 0."""
        return self.gain.low > 0


@dataclass(frozen=True, eq=False)
class Corrected:
    """A correction fitted on all blanks, and its worth on blanks that it has not seen."""

    correction: Correction
    chosen: Point
    """The best threshold of the corrected probability."""
    gain: Interval
    """Edit similarity over P(<cc>) alone, with a threshold chosen in the same way."""
    over_current: Interval
    """Edit similarity over the threshold in use, with the correction in use if there is one."""
    auc: float
    """Of the corrected probability as a forecast that retrieval helps."""
    auc_probability: float
    """Of P(<cc>) on the same blanks."""

    @property
    def worthwhile(self) -> bool:
        """True if it is surely better than both alternatives without it."""
        return self.gain.low > 0 and self.over_current.low > 0


def calibrate(
    trials: Sequence[Trial],
    *,
    current: float,
    budget_ms: float | None = None,
    asked: Sequence[float] | None = None,
    in_use: Sequence[float] | None = None,
) -> Calibration | None:
    """The threshold of the best edit similarity among those whose mean latency is in the budget.

    If none is, the fastest. Of equals the one that retrieves least.
    `asked` is P(<cc>) of every blank, by default as the trials have it; `in_use` is the
    probability that is compared with `current` today, by default the same.
    None if the model cannot decide, or there are fewer blanks than folds.
    """
    asked = probabilities(trials) if asked is None else asked
    if asked is None or len(trials) < FOLDS:
        return None
    p = np.asarray(asked, dtype=np.float64)
    compared = p if in_use is None else np.asarray(in_use, dtype=np.float64)
    (now,) = sweep(trials, [current], compared.tolist())
    before, after = _similarity(trials, compared >= current), _unseen(trials, p, budget_ms)
    return Calibration(
        current=now,
        chosen=_choose(trials, p, budget_ms),
        gain=bootstrap_interval((after - before).tolist()),
        budget_ms=budget_ms,
    )


def correct(
    trials: Sequence[Trial],
    *,
    asked: Sequence[float],
    hidden: npt.NDArray[np.floating],
    models: str,
    current: float,
    budget_ms: float | None = None,
    in_use: Sequence[float] | None = None,
) -> Corrected | None:
    """A correction of P(<cc>) by the states [N, D] at `<eof>`; None for too few blanks.

    Each blank is judged by a fit, and with a threshold, that has not seen its file.
    `in_use` is the probability that is compared with `current` today, by default P(<cc>).
    """
    if len(trials) < LEAST_TO_CORRECT:
        return None
    p = np.asarray(asked, dtype=np.float64)
    compared = p if in_use is None else np.asarray(in_use, dtype=np.float64)
    gains = np.array(similarities(trials, "always")) - np.array(similarities(trials, "never"))
    sample = Sample(p, hidden.astype(np.float64), gains, _folds(trials))
    corrected, retrieve = _corrected_unseen(trials, sample, models, budget_ms)
    fitted, helps = fit(sample, models=models), helped(trials)
    before, after = _similarity(trials, compared >= current), _similarity(trials, retrieve)
    return Corrected(
        correction=fitted.correction,
        chosen=_choose(trials, fitted.corrected, budget_ms),
        gain=bootstrap_interval((after - _unseen(trials, p, budget_ms)).tolist()),
        over_current=bootstrap_interval((after - before).tolist()),
        auc=auc(corrected, helps),
        auc_probability=auc(p, helps),
    )


def _corrected_unseen(
    trials: Sequence[Trial], sample: Sample, models: str, budget_ms: float | None
) -> tuple[Values, npt.NDArray[np.bool_]]:
    """The corrected probabilities [N] and decisions [N], each by a fit on other files."""
    corrected = np.empty_like(sample.asked)
    retrieve = np.empty(len(sample.asked), dtype=bool)
    for fold in np.unique(sample.folds):
        out = sample.folds == fold
        fitted = fit(sample.where(~out), models=models)
        rest = [trial for trial, left in zip(trials, ~out, strict=True) if left]
        threshold = _choose(rest, fitted.corrected, budget_ms).threshold
        corrected[out] = [
            fitted.correction.of(float(sample.asked[i]), sample.hidden[i])
            for i in np.flatnonzero(out)
        ]
        retrieve[out] = corrected[out] >= threshold
    return corrected, retrieve


def _unseen(trials: Sequence[Trial], asked: Values, budget_ms: float | None) -> Values:
    """Edit similarity of each blank with a threshold chosen on other files."""
    folds = _folds(trials)
    retrieve = np.empty(len(trials), dtype=bool)
    for fold in np.unique(folds):
        out = folds == fold
        rest = [trial for trial, left in zip(trials, ~out, strict=True) if left]
        retrieve[out] = asked[out] >= _choose(rest, asked[~out], budget_ms).threshold
    return _similarity(trials, retrieve)


def _folds(trials: Sequence[Trial]) -> npt.NDArray[np.int64]:
    return folds_of([trial.case.file.path for trial in trials])


def _choose(trials: Sequence[Trial], asked: Values, budget_ms: float | None) -> Point:
    points = sweep(trials, candidates(asked), asked.tolist())
    affordable = [p for p in points if budget_ms is None or p.ms <= budget_ms]
    if not affordable:
        return min(points, key=lambda point: point.ms)
    return max(affordable, key=lambda point: (point.edit_similarity, -point.retrieved))


def _similarity(trials: Sequence[Trial], retrieve: npt.NDArray[np.bool_]) -> Values:
    never, always = similarities(trials, "never"), similarities(trials, "always")
    return np.where(retrieve, always, never).astype(np.float64)
