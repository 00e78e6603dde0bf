"""The page of `python -m bench.online`: each keystroke's latency, by setting and way to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from bench.online.strokes import SETTINGS, WAYS, Setting, Typed, spent
from bench.online.summary import OnlineSummary
from bench.online.words import number, sentences

from sidelong.evaluation.report import charts, parts
from sidelong.evaluation.words import signed


def render(
    summary: OnlineSummary,
    typed: Sequence[Typed],
    *,
    title: str,
    facts: Mapping[str, str],
    interval_ms: int,
    partial: str = "",
) -> str:
    """The whole page; `partial` is the sentence on a partial run, empty for a whole one."""
    return parts.document(
        f"sidelong on {title}, key by key",
        f'<p class="partial">{escape(partial)}</p>' if partial else "",
        parts.facts(facts),
        _rows(summary),
        *(f"<p>{escape(sentence)}</p>" for sentence in sentences(summary, interval_ms=interval_ms)),
        *(_figure(typed, setting) for setting in SETTINGS),
    )


def _rows(summary: OnlineSummary) -> str:
    gains = {gain.setting: gain.over_always for gain in summary.speedups}
    rows = (
        [
            escape(row.setting),
            charts.legend_dot(row.way) + row.way,
            f"{number(row.ms_median)} ms",
            f"{number(row.ms_p90)} ms",
            number(row.read),
            number(row.tokens),
            signed(gains[row.setting]) if row.way == "selective" else "",
        ]
        for row in summary.rows
    )
    names = ["setting", "retrieval", "median", "p90", "tokens read", "in all", "speed-up in %"]
    return "<h2>What a keystroke costs</h2>" + parts.table(names, rows)


def _figure(typed: Sequence[Typed], setting: Setting) -> str:
    strokes = [stroke for one in typed for stroke in one.strokes]
    latencies: dict[str, list[float]] = {
        way: [spent(stroke, setting, way).ms for stroke in strokes] for way in WAYS
    }
    return f"<h2>{escape(setting.capitalize())}</h2>" + parts.figure(
        charts.distribution(latencies),
        "A dot per keystroke, the middle half boxed, the median marked.",
    )
