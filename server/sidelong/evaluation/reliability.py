"""The reliability of a forecast: its probabilities against the shares that came true; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sidelong.evaluation.decision import Flags, Values

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The cases whose probability lies from `low` to below `high` (the last: up to 1)."""

    low: float
    high: float
    n: int
    probability: float
    """The mean forecast."""
    happened: float
    """The share in which it came true."""


def reliability(probabilities: Values, came_true: Flags, *, bins: int = BINS) -> list[Bin]:
    """Bins of equal width, those without a case left out."""
    p, happened = np.asarray(probabilities, dtype=np.float64), np.asarray(came_true, dtype=bool)
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)
    filled = []
    for i in range(bins):
        inside = which == i
        if inside.any():
            low, high = float(edges[i]), float(edges[i + 1])
            mean, share = float(p[inside].mean()), float(happened[inside].mean())
            filled.append(Bin(low, high, int(inside.sum()), mean, share))
    return filled


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: forecast against truth, weighted by the number of cases."""
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.probability - b.happened) for b in bins) / total if total else 0.0
