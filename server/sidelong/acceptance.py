"""Counts of suggestions shown and taken, which reveal nothing of the code; pure.

There is a count for each kind of suggestion: with or without retrieved chunks, by the probability
with which the model asked for them, and by the probability of the text.
This module draws conclusions for the threshold and for `minProbability`. Watching the editor is
left to `lsp.acceptance`, saving the counts to `learnt`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from sidelong.engine import Decision, log_odds

FORMAT = 1
"""The format of the record; a record with another number is not used. 1: 2026, the first."""

ODDS: Final = 4
"""Bins for each unit of log-odds of the probability that is compared with the threshold."""
SURE: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
"""Edges of the bins of a text's probability."""
MOST_SHOWN: Final = 10_000
"""For each pair of models; beyond it all counts are halved, so old habits fade."""
MOST_MODELS: Final = 8

NEAR: Final = 1.0
"""The distance from the threshold, in log-odds, up to which a decision is a close one."""
STEP: Final = 0.5
"""The most that acceptance may move a threshold at a time, in log-odds."""
LEAST: Final = 30
"""Suggestions needed on each side of the threshold; with fewer there is no conclusion."""
RARE: Final = 0.05
"""A kind of suggestion that is surely taken less often than this need not be shown."""
_Z: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, order=True)
class Cell:
    """A kind of suggestion."""

    retrieved: bool
    odds: int | None
    """The bin of the decision; None if no threshold decided."""
    sure: int
    """The bin of the text's probability: the number of edges that are not above it."""

    @staticmethod
    def of(gate: Decision, probability: float) -> Cell:
        """The kind of a suggestion with this decision and this probability of its text."""
        odds = None
        if gate.rule == "threshold" and gate.compared is not None:
            odds = math.floor(ODDS * log_odds(gate.compared))
        return Cell(gate.retrieved, odds, bisect_right(SURE, probability))


@dataclass(frozen=True)
class Tally:
    """The number of suggestions shown, and the number of those taken."""

    shown: int = 0
    taken: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.shown + other.shown, self.taken + other.taken)

    @property
    def share(self) -> float:
        """The share that was taken; NaN if none were shown."""
        return self.taken / self.shown if self.shown else math.nan


Counts = Mapping[Cell, Tally]
ByModels = Mapping[str, Counts]


@dataclass(frozen=True)
class Margin:
    """The close decisions: those just above the threshold retrieved, those just below did not."""

    above: Tally
    below: Tally
    low: float
    """The interval, from `low` to `high`, of the gain in the taken share by retrieving."""
    high: float

    @property
    def step(self) -> float:
        """The move of the threshold, in log-odds: down if retrieving surely gains; mostly 0."""
        if min(self.above.shown, self.below.shown) < LEAST:
            return 0.0
        return -STEP if self.low > 0 else STEP if self.high < 0 else 0.0


def margin(counts: Counts, threshold: float) -> Margin:
    """The decisions near the threshold.

    Cursors just above it and just below it are alike but for the retrieval, so the retrieval
    causes the difference in acceptance (a regression discontinuity design).
    """
    at = ODDS * log_odds(threshold)
    near = [(c.retrieved, c.odds - at, t) for c, t in counts.items() if c.odds is not None]
    reach = NEAR * ODDS
    above = total(t for retrieved, bin, t in near if retrieved and -1 < bin < reach)
    below = total(t for retrieved, bin, t in near if not retrieved and -reach - 1 < bin < 0)
    return Margin(above, below, *difference(above, below))


def moved(threshold: float, step: float) -> float:
    """The threshold after moving its log-odds by `step`."""
    return 1 / (1 + math.exp(-(log_odds(threshold) + step)))


def too_unsure(counts: Counts) -> tuple[float, Tally] | None:
    """The highest probability below which suggestions are surely rarely taken, and their tally.

    None if there is none, or if too few were shown to tell.
    """
    unsure, below = None, Tally()
    for i, edge in enumerate(SURE):
        here = total(tally for cell, tally in counts.items() if cell.sure == i)
        if wilson(here)[0] > RARE:
            break
        below += here
        if here.shown and wilson(below)[1] < RARE:
            unsure = edge, below
    return unsure


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of the tallies."""
    return sum(tallies, Tally())


def wilson(tally: Tally) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, 1927)."""
    n, p = tally.shown, tally.share
    if not n:
        return 0.0, 1.0
    centre, spread = p + _Z**2 / (2 * n), _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    size = 1 + _Z**2 / n
    return (centre - spread) / size, (centre + spread) / size


def difference(one: Tally, other: Tally) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares (Newcombe, 1998, his method 10)."""
    if not (one.shown and other.shown):
        return -1.0, 1.0
    (low1, high1), (low2, high2) = wilson(one), wilson(other)
    p1, p2 = one.share, other.share
    gap = p1 - p2
    return gap - math.hypot(p1 - low1, high2 - p2), gap + math.hypot(high1 - p1, p2 - low2)


def merged(old: ByModels, new: ByModels) -> ByModels:
    """The sum of both, within bounds; the models of `new` count as the latest."""
    both = {models: counts for models, counts in old.items() if models not in new}
    for models, counts in new.items():
        before = old.get(models, {})
        both[models] = _bounded(
            {c: before.get(c, Tally()) + counts.get(c, Tally()) for c in {*before, *counts}}
        )
    return dict(list(both.items())[-MOST_MODELS:])


def to_json(by_models: ByModels) -> dict[str, Any]:
    """The counts as JSON."""
    rows = {
        models: [
            [c.retrieved, c.odds, c.sure, tally.shown, tally.taken]
            for c, tally in sorted(counts.items(), key=lambda item: repr(item[0]))
        ]
        for models, counts in by_models.items()
    }
    return {"format": FORMAT, "models": rows}


def from_json(record: object) -> ByModels:
    """The counts of a record; raises `ValueError` with the reason if it cannot be used."""
    if not isinstance(record, Mapping) or record.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    try:
        return {
            str(models): dict(_row(*row) for row in rows)
            for models, rows in record["models"].items()
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"something in it is missing or wrong ({error})") from None


def _row(
    retrieved: object, odds: object, sure: object, shown: object, taken: object
) -> tuple[Cell, Tally]:
    if not isinstance(retrieved, bool) or not (odds is None or isinstance(odds, int)):
        raise ValueError("it has a kind of suggestion that there is not")
    if not (isinstance(sure, int) and isinstance(shown, int) and isinstance(taken, int)):
        raise ValueError("it has counts that are none")
    if not 0 <= taken <= shown:
        raise ValueError("it has counts that are none")
    return Cell(retrieved, odds, sure), Tally(shown, taken)


def _bounded(counts: dict[Cell, Tally]) -> Counts:
    if total(counts.values()).shown <= MOST_SHOWN:
        return counts
    halved = {c: Tally(tally.shown // 2, tally.taken // 2) for c, tally in counts.items()}
    return {c: tally for c, tally in halved.items() if tally.shown}
