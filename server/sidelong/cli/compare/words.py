"""A comparison of two models as sentences; the same for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator

from sidelong.cli.compare.findings import (
    SERVED,
    Comparison,
    Deciding,
    Flips,
    ModeChange,
    Thresholds,
)
from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.summary import ALL_KINDS
from sidelong.evaluation.words import auc, percent, signed

SAME = 0.05
"""Rates of retrieval that differ by less count as the same."""

FEWEST = 30
"""With fewer blanks bootstrap intervals are too narrow to be believed."""

WAYS = {
    "never": "never",
    "always": "always",
    "policy": "the policy decides",
    "own": "it decides itself",
}


def served(comparison: Comparison) -> ModeChange:
    """The change of the texts that an editor would show, on all blanks."""
    return next(r for r in comparison.rows if (r.mode, r.kind) == (SERVED, ALL_KINDS))


def sentences(comparison: Comparison) -> Iterator[str]:
    """The changes for a user who switches from the old model to the new one."""
    row = served(comparison)
    yield from (
        f"{name} changes by {signed(change.difference)} points: "
        f"{_verdict(change.difference, row.n)}."
        for name, change in (
            ("Exact match", row.exact),
            ("Edit similarity", row.edit_similarity),
        )
    )
    yield _flips(comparison.flips[0])
    yield from _deciding(comparison.old, comparison.new)
    if comparison.thresholds is not None and comparison.old is not None:
        yield from _thresholds(comparison.thresholds, comparison.old)


def _verdict(difference: Interval, n: int) -> str:
    if n < FEWEST:
        return f"{n} blanks are too few to judge by (-n)"
    if difference.low > 0:
        return "the new model is better"
    if difference.high < 0:
        return "the new model is worse"
    if difference.low == difference.high == 0:
        return "no difference"
    return "this may be chance, more blanks (-n) would tell"


def _flips(flips: Flips) -> str:
    return (
        f"Of {flips.n} blanks, {flips.negative} that the old model had right the new one gets "
        f"wrong ({_rate(flips.negative_rate)}; {percent(flips.negative_of_right)} of what was "
        f"right), and {flips.positive} the other way "
        f"({_rate(flips.positive_rate)}; {percent(flips.positive_of_wrong)} of what was wrong)."
    )


def _rate(rate: Interval) -> str:
    return f"{percent(rate.mean, 1)}, {100 * rate.low:.1f} to {100 * rate.high:.1f}"


def _deciding(old: Deciding | None, new: Deciding | None) -> Iterator[str]:
    nobody = [name for name, deciding in (("old", old), ("new", new)) if deciding is None]
    if old is not None and new is not None:
        yield (
            f"P(<cc>) tells where retrieval helps with AUC {auc(old.auc)} for the old model and "
            f"{auc(new.auc)} for the new one (0.5 is chance)."
        )
    elif len(nobody) == 2:
        yield "Neither model has a token to decide with: their threshold is never passed."
    else:
        yield f"Nobody decides for the {nobody[0]} model, so thresholds cannot be compared."


def _thresholds(thresholds: Thresholds, old: Deciding) -> Iterator[str]:
    was, at_old, keeping = old.in_use, thresholds.at_old, thresholds.keeping
    same = abs(at_old.retrieved - was.retrieved) < SAME
    yield (
        f"The threshold {was.threshold:.4g} {'means' if same else 'does not mean'} the same: "
        f"with it the old model retrieves in {percent(was.retrieved)}, the new one in "
        f"{percent(at_old.retrieved)}. {keeping.threshold:.4g} comes nearest to the old rate "
        f"({percent(keeping.retrieved)}, edit similarity {100 * keeping.edit_similarity:.1f})."
    )
    yield (
        f"Each at its own threshold, the two decide alike in {percent(thresholds.agreement)} "
        "of the blanks."
    )
