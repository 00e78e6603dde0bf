"""A summary of an evaluation for the terminal: tables and sentences."""

from __future__ import annotations

import math

from rich.console import Group, RenderableType
from rich.text import Text

from sidelong.cli.terminal import Figures
from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.summary import ALL_KINDS, ModeScores, Summary
from sidelong.evaluation.words import WHAT, percent, sentences


def render(summary: Summary) -> RenderableType:
    """The whole summary, the modes first."""
    parts: list[RenderableType] = [_modes(summary), Text(), _kinds(summary), Text()]
    parts += [Text(sentence) for sentence in sentences(summary)]
    return Group(*parts)


def interval(value: Interval) -> str:
    """A mean in percent with its interval; a dash for a mean of nothing."""
    if math.isnan(value.mean):
        return "–"
    return f"{100 * value.mean:.1f} [dim]{100 * value.low:.0f}–{100 * value.high:.0f}[/]"


def _modes(summary: Summary) -> Figures:
    table = Figures()
    table.add_column("retrieval", no_wrap=True)
    for name in ("used", "exact", "edit sim.", "identifiers", "median", "p90", "tokens"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in summary.rows:
        if row.kind == ALL_KINDS:
            table.add_row(
                row.mode,
                percent(row.retrieved),
                interval(row.exact),
                interval(row.edit_similarity),
                interval(row.identifiers_f1),
                f"{row.cost.ms_median:,.0f} ms",
                f"{row.cost.ms_p90:,.0f} ms",
                f"{row.cost.evaluated:,.0f}",
            )
    return table


def _kinds(summary: Summary) -> Figures:
    """Exact match and edit similarity of each kind, by mode."""
    modes = list(dict.fromkeys(row.mode for row in summary.rows))
    table = Figures()
    table.add_column("exact / edit sim.", no_wrap=True)
    table.add_column("blanks", justify="right")
    for mode in modes:
        table.add_column(mode, justify="right", no_wrap=True)
    for kind in dict.fromkeys(row.kind for row in summary.rows if row.kind != ALL_KINDS):
        rows = {row.mode: row for row in summary.rows if row.kind == kind}
        table.add_row(
            WHAT.get(kind, kind), str(rows[modes[0]].n), *(_both(rows[mode]) for mode in modes)
        )
    return table


def _both(row: ModeScores) -> str:
    return f"{100 * row.exact.mean:.1f} / {100 * row.edit_similarity.mean:.1f}"
