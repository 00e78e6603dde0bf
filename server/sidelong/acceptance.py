"""How often shown suggestions were taken, as counts that tell nothing of the code; pure.

A count is kept for each kind of suggestion: whether chunks were retrieved for it, about how much
the model had asked for them, and about how sure the text was.
What the counts say of the threshold and of `minProbability` is said here, watching the editor is
`lsp.acceptance`'s, keeping the counts `learnt`'s.
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
"""Of the record; one with another number is not used. 1: 2026, the first."""

ODDS: Final = 4
"""Bins for each unit of the log-odds of what is compared with the threshold."""
SURE: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
"""Edges of the bins of a text's probability."""
MOST_SHOWN: Final = 10_000
"""For each pair of models; beyond it all counts are halved, so that old habits fade."""
MOST_MODELS: Final = 8

NEAR: Final = 1.0
"""How far from the threshold, in log-odds, a decision counts as a close one."""
STEP: Final = 0.5
"""How far acceptance may move a threshold at a time, in log-odds."""
LEAST: Final = 30
"""Suggestions on either side, or nothing is said."""
RARE: Final = 0.05
"""What is surely taken less often than this need not be shown."""
_Z: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, order=True)
class Cell:
    """A kind of suggestion."""

    retrieved: bool
    odds: int | None
    """The bin of the decision; None if no threshold decided."""
    sure: int
    """The bin of the text's probability: how many of the edges are not above it."""

    @staticmethod
    def of(gate: Decision, probability: float) -> Cell:
        """The kind of a suggestion with that decision and that probability of its text."""
        asked = gate.probability if gate.corrected is None else gate.corrected
        odds = None
        if gate.rule == "threshold" and asked is not None:
            odds = math.floor(ODDS * log_odds(asked))
        return Cell(gate.retrieved, odds, bisect_right(SURE, probability))


@dataclass(frozen=True)
class Tally:
    """How many were shown, and how many of them were taken."""

    shown: int = 0
    taken: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.shown + other.shown, self.taken + other.taken)

    @property
    def share(self) -> float:
        """The share that was taken; NaN of nothing."""
        return self.taken / self.shown if self.shown else math.nan


Counts = Mapping[Cell, Tally]
ByModels = Mapping[str, Counts]


@dataclass(frozen=True)
class Margin:
    """Close decisions: those just above the threshold retrieved, those just below did not."""

    above: Tally
    below: Tally
    low: float
    """The interval of what retrieving adds to the share that is taken."""
    high: float

    @property
    def step(self) -> float:
        """How to move the threshold's log-odds: down where retrieving surely adds; mostly 0."""
        if min(self.above.shown, self.below.shown) < LEAST:
            return 0.0
        return -STEP if self.low > 0 else STEP if self.high < 0 else 0.0


def margin(counts: Counts, threshold: float) -> Margin:
    """The decisions near the threshold.

    A place just above it is like one just below it but for the retrieval, so that what differs
    in acceptance is owed to that (a regression discontinuity design).
    """
    at = ODDS * log_odds(threshold)
    near = [(c.retrieved, c.odds - at, t) for c, t in counts.items() if c.odds is not None]
    reach = NEAR * ODDS
    above = total(t for retrieved, bin, t in near if retrieved and -1 < bin < reach)
    below = total(t for retrieved, bin, t in near if not retrieved and -reach - 1 < bin < 0)
    return Margin(above, below, *difference(above, below))


def moved(threshold: float, step: float) -> float:
    """The threshold with its log-odds moved."""
    return 1 / (1 + math.exp(-(log_odds(threshold) + step)))


def too_unsure(counts: Counts) -> tuple[float, Tally] | None:
    """The highest probability below which suggestions are surely hardly ever taken, and those.

    None where there is no such, or too few were shown to say.
    """
    found, below = None, Tally()
    for i, edge in enumerate(SURE):
        here = total(tally for cell, tally in counts.items() if cell.sure == i)
        if wilson(here)[0] > RARE:
            break
        below += here
        if here.shown and wilson(below)[1] < RARE:
            found = edge, below
    return found


def total(tallies: Iterable[Tally]) -> Tally:
    """All together."""
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
    """Both together, within bounds; the models of `new` count as the latest."""
    found = {models: counts for models, counts in old.items() if models not in new}
    for models, counts in new.items():
        before = old.get(models, {})
        found[models] = _bounded(
            {c: before.get(c, Tally()) + counts.get(c, Tally()) for c in {*before, *counts}}
        )
    return dict(list(found.items())[-MOST_MODELS:])


def to_json(found: ByModels) -> dict[str, Any]:
    """The counts as JSON."""
    rows = {
        models: [
            [c.retrieved, c.odds, c.sure, tally.shown, tally.taken]
            for c, tally in sorted(counts.items(), key=lambda item: repr(item[0]))
        ]
        for models, counts in found.items()
    }
    return {"format": FORMAT, "models": rows}


def from_json(record: object) -> ByModels:
    """The counts of a record; raises `ValueError` that says why it cannot be used."""
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
