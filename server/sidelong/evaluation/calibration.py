"""The threshold that suits a workspace best, chosen on its own blanks and judged on others; pure.

Completing the blanks is `run`'s, and whether the threshold is kept is the user's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sidelong.evaluation.metrics import Interval, bootstrap_interval
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import Point, probabilities, probability, sweep

FOLDS = 5
"""Every blank is judged with a threshold chosen on the other four fifths."""
MOST_CANDIDATES = 100


@dataclass(frozen=True)
class Calibration:
    """What was chosen, beside what is in use; both on all blanks."""

    current: Point
    chosen: Point
    gain: Interval
    """Edit similarity over the threshold in use, on blanks that the choice had not seen."""
    budget_ms: float | None

    @property
    def over_budget(self) -> bool:
        """Whether the threshold in use takes longer than it may."""
        return self.budget_ms is not None and self.current.ms > self.budget_ms

    @property
    def worthwhile(self) -> bool:
        """Whether to change: for a gain that held on unseen blanks, or to keep the budget."""
        if self.chosen.retrieved == self.current.retrieved:
            return False
        return self.over_budget or self.gain.mean > 0

    @property
    def certain(self) -> bool:
        """Whether the gain's interval lies above 0."""
        return self.gain.low > 0


def calibrate(
    trials: Sequence[Trial], *, current: float, budget_ms: float | None = None
) -> Calibration | None:
    """The threshold of the best edit similarity among those whose mean latency is in the budget.

    The fastest where none is. Of equals the one that retrieves least.
    None if the model cannot decide, or there are fewer blanks than folds.
    """
    if probabilities(trials) is None or len(trials) < FOLDS:
        return None
    gains = [0.0] * len(trials)
    for fold in range(FOLDS):
        chosen = _choose([t for i, t in enumerate(trials) if i % FOLDS != fold], budget_ms)
        for i in range(fold, len(trials), FOLDS):
            gains[i] = _similarity(trials[i], chosen.threshold) - _similarity(trials[i], current)
    (in_use,) = sweep(trials, [current])
    return Calibration(
        current=in_use,
        chosen=_choose(trials, budget_ms),
        gain=bootstrap_interval(gains),
        budget_ms=budget_ms,
    )


def candidates(asked: Sequence[float]) -> list[float]:
    """Thresholds halfway between neighbouring probabilities, and those that look always or never.

    Halfway, because a threshold that equals a probability is at the mercy of rounding.
    """
    known = np.unique(np.asarray(asked, dtype=np.float64))
    halfway = (known[1:] + known[:-1]) / 2
    if len(halfway) > MOST_CANDIDATES:
        halfway = halfway[np.linspace(0, len(halfway) - 1, MOST_CANDIDATES).astype(int)]
    return [0.0, *(float(f"{value:.4g}") for value in halfway), 1.0]


def _choose(trials: Sequence[Trial], budget_ms: float | None) -> Point:
    points = sweep(trials, candidates(probabilities(trials) or []))
    affordable = [p for p in points if budget_ms is None or p.ms <= budget_ms]
    if not affordable:
        return min(points, key=lambda point: point.ms)
    return max(affordable, key=lambda point: (point.edit_similarity, -point.retrieved))


def _similarity(trial: Trial, threshold: float) -> float:
    asked = probability(trial)
    wanted = asked is not None and asked >= threshold
    return trial.outcomes["always" if wanted else "never"].edit_similarity
