"""The charts of the report: accuracy against latency, reliability, and latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sidelong.evaluation.report.svg import (
    Axis,
    Frame,
    axis,
    circle,
    line,
    picture,
    polyline,
    rectangle,
    text,
)
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import ALL_KINDS, Gating, ModeScores, Summary, completions

_PERCENT = Axis("", 0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), lambda v: f"{v:.1f}")


def accuracy_latency(summary: Summary) -> str:
    """Edit similarity against mean latency: a point per threshold, and the four modes."""
    rows = [row for row in summary.rows if row.kind == ALL_KINDS]
    points = summary.gating.sweep if summary.gating else ()
    frame = Frame(
        axis(
            "mean latency of a completion in ms",
            [0.0, *(row.cost.ms.mean for row in rows), *(point.ms for point in points)],
            show=lambda v: f"{v:,.0f}",
        ),
        axis(
            "edit similarity in %",
            [
                *(100 * bound for r in rows for bound in (_low(r), _high(r))),
                *(100 * point.edit_similarity for point in points),
            ],
            show=lambda v: f"{v:g}",
        ),
    )
    places = [frame.at(point.ms, 100 * point.edit_similarity) for point in points]
    dots = [
        circle(
            x,
            y,
            2.6,
            "sweep",
            f"threshold {point.threshold:.3f}: edit similarity {100 * point.edit_similarity:.1f}, "
            f"{point.ms:.0f} ms, retrieves in {point.retrieved:.0%}",
        )
        for (x, y), point in zip(places, points, strict=True)
    ]
    modes = [_mode_mark(frame, row) for row in rows]
    return frame.draw(
        polyline(places, "sweep-line") if places else "",
        *dots,
        *modes,
        label="Edit similarity against mean latency over thresholds",
    )


def _mode_mark(frame: Frame, row: ModeScores) -> str:
    """A dot with the interval of its edit similarity and its name."""
    x, y = frame.at(row.cost.ms.mean, 100 * row.edit_similarity.mean)
    top, bottom = frame.at_y(100 * _high(row)), frame.at_y(100 * _low(row))
    dx, dy, anchor = _LABELS[row.mode]
    said = (
        f"{row.mode}: edit similarity {100 * row.edit_similarity.mean:.1f} "
        f"({100 * _low(row):.1f} to {100 * _high(row):.1f}), {row.cost.ms.mean:.0f} ms"
    )
    return (
        line(x, top, x, bottom, f"whisker {row.mode}")
        + circle(x, y, 6, f"mode {row.mode}", said)
        + text(row.mode, x + dx, y + dy, class_=f"label {row.mode}", anchor=anchor)
    )


_LABELS = {
    "never": (-10, 10, "end"),
    "always": (-10, -2, "end"),
    "greedy": (0, 22, "middle"),
    "threshold": (0, -13, "middle"),
}
"""The offset of each name from its point, so that all can be read where points coincide."""


def _low(row: ModeScores) -> float:
    return row.edit_similarity.low


def _high(row: ModeScores) -> float:
    return row.edit_similarity.high


def reliability_diagram(gating: Gating) -> str:
    """The share in which retrieval helped, by the probability that the model gave it."""
    frame = Frame(
        Axis("P(<cc>) the model gave", 0.0, 1.0, _PERCENT.ticks, _PERCENT.show),
        Axis("share where retrieval helped", 0.0, 1.0, _PERCENT.ticks, _PERCENT.show),
    )
    total = sum(each.n for each in gating.bins)
    floor = frame.at_y(0.0)
    bars = [
        rectangle(
            frame.at_x(each.low) + 1,
            floor - 60 * each.n / total,
            frame.at_x(each.high) - frame.at_x(each.low) - 2,
            60 * each.n / total,
            "count",
            f"{each.n} of {total} blanks",
        )
        for each in gating.bins
    ]
    places = [frame.at(each.probability, each.happened) for each in gating.bins]
    dots = [
        circle(
            x,
            y,
            3 + 7 * (each.n / total) ** 0.5,
            "mode threshold",
            f"{each.n} blanks of mean P {each.probability:.2f}: helped in {each.happened:.0%}",
        )
        for (x, y), each in zip(places, gating.bins, strict=True)
    ]
    at = frame.at_x(gating.threshold)
    # The mark's name stays inside of the frame wherever the threshold lies.
    anchor, shift = ("start", 5) if gating.threshold < 0.6 else ("end", -5)
    return frame.draw(
        *bars,
        line(*frame.at(0, 0), *frame.at(1, 1), "diagonal"),
        line(at, frame.top, at, floor, "threshold-line"),
        text("threshold", at + shift, frame.top + 11, class_="label threshold", anchor=anchor),
        polyline(places, "reliability"),
        *dots,
        label="Reliability diagram of P(<cc>)",
    )


_ROW = 58
_MARGIN = 84


def latency_distribution(trials: Sequence[Trial]) -> str:
    """Every completion's latency by mode; see `distribution`."""
    modes = list(trials[0].completions)
    return distribution({mode: [o.total_ms for o in completions(trials, mode)] for mode in modes})


def distribution(latencies: Mapping[str, Sequence[float]]) -> str:
    """Milliseconds by name: a dot each, the middle half boxed, the median marked."""
    names = list(latencies)
    everything = [ms for of_name in latencies.values() for ms in of_name]
    height = 14 + _ROW * len(names) + 44
    frame = Frame(
        axis("ms for one completion", [0.0, *everything], show=lambda v: f"{v:,.0f}"),
        Axis("", 0.0, float(len(names)), (), str),
        width=1060,
        height=height,
        left=_MARGIN,
    )
    marks = []
    for i, name in enumerate(names):
        middle = frame.at_y(len(names) - i - 0.5)
        low, median, high = (float(v) for v in np.quantile(latencies[name], [0.25, 0.5, 0.75]))
        x = frame.at_x(low)
        marks += [
            text(name, _MARGIN - 10, middle + 4, class_=f"label {name}", anchor="end"),
            rectangle(x, middle - 14, frame.at_x(high) - x, 28, f"box {name}"),
            *(
                circle(frame.at_x(ms), middle + _scatter(n), 2.4, f"dot {name}", f"{ms:.0f} ms")
                for n, ms in enumerate(latencies[name])
            ),
            line(frame.at_x(median), middle - 18, frame.at_x(median), middle + 18, "median"),
            text(f"{median:,.0f}", frame.at_x(median), middle - 21, class_="tick", anchor="middle"),
        ]
    return frame.draw(*marks, label="Latency of each completion")


def _scatter(n: int) -> float:
    """Up and down by the golden ratio, so that dots of equal latency do not hide each other."""
    return ((n * 0.618034) % 1 - 0.5) * 22


def legend_dot(mode: str) -> str:
    """The mark of a mode, for a table."""
    return picture(circle(6, 6, 5, f"mode {mode}"), width=12, height=12, label=mode)
