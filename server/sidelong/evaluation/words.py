"""An evaluation in words, the same for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.summary import Gating, Summary

WHAT = {
    "line": "single line",
    "lines": "several lines",
    "call": "own calls",
    "body": "function body",
}


def percent(value: float, digits: int = 0) -> str:
    """`12 %`, or a dash for NaN."""
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def auc(value: float) -> str:
    """An area under the ROC curve, or a dash for NaN: there are no two sides to tell apart."""
    return "–" if math.isnan(value) else f"{value:.2f}"


def signed(interval: Interval) -> str:
    """A difference in percentage points, with its interval."""
    return f"{100 * interval.mean:+.1f} ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"


def sentences(summary: Summary) -> Iterator[str]:
    """The gain of retrieval, and the quality of the model's decision to retrieve."""
    overall = summary.benefits[0]
    yield (
        f"Retrieval helps in {percent(overall.helps)} of the blanks, changes nothing in "
        f"{percent(overall.nothing)} and hurts in {percent(overall.hurts)}. "
        f"Deciding right each time would give edit similarity {100 * overall.oracle:.1f}."
    )
    if summary.gating is None:
        yield "The model has no token to decide with: greedy and threshold are never."
        return
    yield from _gating(summary.gating)


def _gating(gating: Gating) -> Iterator[str]:
    name = "P(<cc>)"
    if gating.corrected:
        name += ", as corrected by the search or for this folder,"
    yield (
        f"{name} tells where it helps with AUC {auc(gating.auc_probability)} (0.5 is chance); "
        f"the best chunk's Jaccard score alone with {auc(gating.auc_score)}."
        if not math.isnan(gating.auc_probability)
        else f"{name} has nothing to tell apart: retrieval helps in all of the blanks or in none."
    )
    for judged, abstention in zip(gating.judged, gating.abstentions, strict=True):
        at = f" at {gating.threshold:.3f}" if judged.rule == "threshold" else ""
        yield (
            f"{judged.rule.capitalize()}{at} decides right in {percent(judged.accuracy)}: "
            f"edit similarity {signed(judged.over_never)} over never, "
            f"{signed(judged.over_always)} over always."
        )
        if abstention.n:
            yield (
                f"  Of its {abstention.n} abstentions, {percent(abstention.right)} were right "
                f"anyway, {percent(abstention.hopeless)} wrong where retrieval would not have "
                f"helped, {percent(abstention.missed)} wrong where it would have."
            )
