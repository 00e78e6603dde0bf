"""The quality of a decision to retrieve, from the scores with and without retrieval; pure.

Scores come in as arrays, one value per blank.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = Sequence[float] | npt.NDArray[np.floating]
Flags = Sequence[bool] | npt.NDArray[np.bool_]


def auc(scores: Values, labels: Flags) -> float:
    """The chance that a positive case scores above a negative one, ties counting half.

    NaN when there are no positives or no negatives.
    """
    s, positive = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    _, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(counts)
    mean_rank = last_rank - (counts - 1) / 2
    rank_sum = float(mean_rank[inverse][positive].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


@dataclass(frozen=True)
class Shares:
    """The shares of the blanks in which retrieval helps, changes nothing, or hurts."""

    helps: float
    nothing: float
    hurts: float


def shares(without: Values, with_: Values, *, margin: float = 0.0) -> Shares:
    """Retrieval helps where it gains more than `margin`, hurts where it loses more than that."""
    gain = _gain(without, with_)
    helps, hurts = float((gain > margin).mean()), float((gain < -margin).mean())
    return Shares(helps=helps, nothing=1.0 - helps - hurts, hurts=hurts)


@dataclass(frozen=True)
class Decisions:
    """The result of deciding at one threshold.

    `accuracy` is the share of blanks where it retrieved exactly when that helps.
    `abstained_rightly` is the share of the abstentions where retrieval would not have helped
    (the published "decision accuracy" of abstention); NaN when it never abstained.
    """

    threshold: float
    retrieved: float
    score: float
    accuracy: float
    abstained_rightly: float


def decide(
    probabilities: Values, without: Values, with_: Values, *, threshold: float, margin: float = 0.0
) -> Decisions:
    """The result of retrieving where the probability is at least `threshold`."""
    retrieve = np.asarray(probabilities, dtype=np.float64) >= threshold
    helps = _gain(without, with_) > margin
    abstained = ~retrieve
    return Decisions(
        threshold=float(threshold),
        retrieved=float(retrieve.mean()),
        score=float(np.where(retrieve, with_, without).mean()),
        accuracy=float((retrieve == helps).mean()),
        abstained_rightly=float((~helps[abstained]).mean()) if abstained.any() else float("nan"),
    )


def sweep(
    probabilities: Values,
    without: Values,
    with_: Values,
    *,
    thresholds: Values | None = None,
    margin: float = 0.0,
) -> list[Decisions]:
    """Decisions at every threshold, lowest first; by default 0.00, 0.05, ... 1.00."""
    points = np.linspace(0, 1, 21) if thresholds is None else np.sort(np.asarray(thresholds))
    return [
        decide(probabilities, without, with_, threshold=float(t), margin=margin) for t in points
    ]


def best(points: Sequence[Decisions]) -> Decisions:
    """The point with the highest score; among equals the one that retrieves least."""
    return max(points, key=lambda point: (point.score, -point.retrieved))


def oracle(without: Values, with_: Values) -> float:
    """The mean score of a decision that is always right: no threshold can be above it."""
    return float(np.maximum(without, with_).mean())


def _gain(without: Values, with_: Values) -> npt.NDArray[np.float64]:
    return np.asarray(with_, dtype=np.float64) - np.asarray(without, dtype=np.float64)
