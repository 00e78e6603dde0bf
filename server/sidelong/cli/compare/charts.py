"""The charts of a comparison: differences, rates of retrieval, and latency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sidelong.cli.compare.findings import SERVED, Comparison, ModeChange, Thresholds
from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.report.charts import distribution
from sidelong.evaluation.report.svg import Axis, Frame, axis, circle, line, polyline, text
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import ALL_KINDS, Point, completions, probabilities
from sidelong.evaluation.words import WHAT, signed

_ROW = 44
_MARGIN = 110
_LABEL_AT = {"old": 1, "new": 2}
"""After how many thirds of a curve its name stands, so that equal curves show both."""


def differences(comparison: Comparison) -> str:
    """Edit similarity, new minus old, with its interval: each mode, then each kind as served."""
    rows = comparison.rows
    intervals = [row.edit_similarity.difference for row in rows]
    frame = Frame(
        axis(
            "edit similarity, new minus old, in points",
            [0.0, *(100 * bound for f in intervals for bound in (f.low, f.high))],
            show=lambda v: f"{v:+g}" if v else "0",
        ),
        Axis("", 0.0, float(len(rows)), (), str),
        height=14 + _ROW * len(rows) + 44,
        left=_MARGIN,
    )
    zero = frame.at_x(0.0)
    marks = [line(zero, frame.top, zero, frame.height - frame.bottom, "zero")]
    for i, (row, difference) in enumerate(zip(rows, intervals, strict=True)):
        marks.append(_difference(frame, row, difference, frame.at_y(len(rows) - i - 0.5)))
    return frame.draw(*marks, label="Edit similarity, new minus old")


def _difference(frame: Frame, row: ModeChange, interval: Interval, y: float) -> str:
    name = row.mode if row.kind == ALL_KINDS else WHAT.get(row.kind, row.kind)
    low, mean, high = (frame.at_x(100 * v) for v in (interval.low, interval.mean, interval.high))
    return (
        text(name, _MARGIN - 10, y + 4, class_="label new", anchor="end")
        + line(low, y, high, y, "whisker new")
        + circle(mean, y, 5, "mode new", f"{name}: {signed(interval)} on {row.n} blanks")
    )


def retrieval_rates(old: Sequence[Trial], new: Sequence[Trial], thresholds: Thresholds) -> str:
    """Each model's rate of retrieval at each threshold, with the thresholds that matter."""
    asked = {"old": probabilities(old) or [], "new": probabilities(new) or []}
    end = max(thresholds.at_old.threshold, *asked["old"], *asked["new"])
    frame = Frame(
        axis("threshold", [0.0, end], show=lambda v: f"{v:g}"),
        Axis(
            "share in which it retrieves",
            0.0,
            1.0,
            (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
            lambda v: f"{v:.0%}",
        ),
    )
    at = frame.at_x(thresholds.at_old.threshold)
    return frame.draw(
        line(at, frame.top, at, frame.height - frame.bottom, "threshold-line"),
        text("old threshold", at + 5, frame.height - frame.bottom - 6, class_="tick"),
        *(_rates(frame, name, np.array(values)) for name, values in asked.items()),
        _point(frame, thresholds.at_old, "new at the old threshold"),
        _point(frame, thresholds.keeping, "new at the old rate"),
        label="Rate of retrieval by threshold",
    )


def _rates(frame: Frame, name: str, asked: npt.NDArray[np.float64]) -> str:
    """The curve of one model, falling by a step at each probability."""
    known = np.unique(asked)
    shares = [(float(p), float((asked >= p).mean())) for p in known]
    places = [frame.at(0.0, 1.0)]
    for p, share in shares:
        places += [frame.at(p, share), frame.at(p, float((asked > p).mean()))]
    places.append((float(frame.width - frame.right), frame.at_y(0.0)))
    x, y = frame.at(*shares[len(shares) * _LABEL_AT[name] // 3])
    return polyline(places, name) + text(name, x + 6, y - 6, class_=f"label {name}")


def _point(frame: Frame, point: Point, said: str) -> str:
    x, y = frame.at(min(point.threshold, frame.x.high), point.retrieved)
    return circle(
        x, y, 5, "mode new", f"{said}: {point.threshold:.4g}, retrieves in {point.retrieved:.0%}"
    )


def latencies(old: Sequence[Trial], new: Sequence[Trial]) -> str:
    """Every completion's latency as served."""
    both = {"old": old, "new": new}
    return distribution(
        {name: [o.total_ms for o in completions(trials, SERVED)] for name, trials in both.items()}
    )
