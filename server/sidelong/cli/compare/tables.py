"""A comparison of two models for the terminal: tables, sentences, and the worst flips."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from sidelong.cli.compare.contest import Compared
from sidelong.cli.compare.findings import (
    SERVED,
    Change,
    Comparison,
    Deciding,
    PlugIn,
    negative_flips,
)
from sidelong.cli.compare.words import WAYS, sentences, served
from sidelong.cli.terminal import Figures
from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.record import line_number
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import ALL_KINDS
from sidelong.evaluation.words import WHAT, percent, signed

_CASES = 3
_LINES = 6
"""Most lines of a completion that are shown; the page shows all."""


def render(compared: Compared, comparison: Comparison) -> RenderableType:
    """The whole comparison, the most important first."""
    old, new = compared.plug_ins()
    parts: list[RenderableType] = [
        _overall(compared, comparison),
        Text(),
        _rows(comparison),
        Text(),
    ]
    parts += [Text(sentence) for sentence in sentences(comparison)]
    if old or new:
        parts += [Text(), _plug_ins(old, new)]
    flipped = negative_flips(compared.old, compared.new)
    parts += [_flip(*pair) for pair in flipped[:_CASES]]
    return Group(*parts)


def _table(first: str, *names: str) -> Table:
    table = Figures()
    table.add_column(first, no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _overall(compared: Compared, comparison: Comparison) -> Table:
    """The scores of the texts that the editor would show, and their costs."""
    row, (old, new) = served(comparison), compared.sides
    table = _table("", "old", "new", "new - old")
    for name, change in (("exact match", row.exact), ("edit similarity", row.edit_similarity)):
        table.add_row(
            name, f"{100 * change.old:.1f}", f"{100 * change.new:.1f}", signed(change.difference)
        )
    table.add_row("mean latency", *_cost(row.ms, " ms"))
    table.add_row("median latency", f"{row.old_ms_median:,.0f} ms", f"{row.new_ms_median:,.0f} ms")
    table.add_row("tokens evaluated", *_cost(row.evaluated))
    table.add_row("retrieves", _rate(comparison.old), _rate(comparison.new))
    table.add_row("model file", decimal(old.file_bytes), decimal(new.file_bytes))
    table.add_row("memory taken", decimal(old.resident_bytes), decimal(new.resident_bytes))
    if old.policy or new.policy:
        table.add_row("decided by", old.policy or "itself", new.policy or "itself")
    return table


def _cost(change: Change, unit: str = "") -> tuple[str, str, str]:
    difference = change.difference
    return (
        f"{change.old:,.0f}{unit}",
        f"{change.new:,.0f}{unit}",
        f"{difference.mean:+,.0f} ({difference.low:+,.0f} to {difference.high:+,.0f})",
    )


def _rate(deciding: Deciding | None) -> str:
    return "–" if deciding is None else percent(deciding.in_use.retrieved)


def _rows(comparison: Comparison) -> Table:
    """Scores of both and flips, by mode and by kind."""
    table = _table("", "blanks", "exact", "edit sim.", "new - old", "lost", "won")
    flips = {counted.kind: counted for counted in comparison.flips}
    for row in comparison.rows:
        counted = flips[row.kind] if row.mode == SERVED else None
        table.add_row(
            row.mode if row.kind == ALL_KINDS else WHAT.get(row.kind, row.kind),
            str(row.n),
            _both(row.exact),
            _both(row.edit_similarity),
            _briefly(row.edit_similarity.difference),
            "" if counted is None else str(counted.negative),
            "" if counted is None else str(counted.positive),
        )
    return table


def _both(change: Change) -> str:
    return f"{100 * change.old:.1f} → {100 * change.new:.1f}"


def _briefly(difference: Interval) -> str:
    low, high = 100 * difference.low, 100 * difference.high
    return f"{100 * difference.mean:+.1f} [dim]{low:+.0f}…{high:+.0f}[/]"


def _plug_ins(old: Sequence[PlugIn], new: Sequence[PlugIn]) -> Table:
    """Each way to decide for each generator that has a policy."""
    table = _table("", "retrieves", "exact", "edit sim.", "over always", "mean")
    for name, ways in (("old", old), ("new", new)):
        for way in ways:
            table.add_row(
                f"{name}: {WAYS[way.decided]}",
                percent(way.retrieved),
                f"{100 * way.exact.mean:.1f}",
                f"{100 * way.edit_similarity.mean:.1f}",
                _briefly(way.over_always),
                f"{way.ms.mean:,.0f} ms",
            )
    return table


def _flip(old: Trial, new: Trial) -> RenderableType:
    """The old model's right text beside the new model's wrong one."""
    case, after = new.case, new.completions[SERVED]
    place = f"{case.file.path}:{line_number(case)}, {WHAT.get(case.blank.kind, case.blank.kind)}"
    table = Table(
        title=Text(f"\nLost: {place}", style="bold"), title_justify="left", box=None,
        padding=(0, 2, 0, 0), header_style="dim",
    )  # fmt: skip
    table.add_column("old: exactly right", ratio=1)
    table.add_column(f"new: edit similarity {100 * after.edit_similarity:.0f}", ratio=1)
    table.add_row(_code(old.completions[SERVED].text), _code(after.text))
    return table


def _code(text: str) -> Text:
    lines = text.expandtabs(4).split("\n")
    more = [f"… {len(lines) - _LINES} lines more"] if len(lines) > _LINES else []
    shown = "\n".join([*lines[:_LINES], *more]) or "(nothing)"
    # A model may write anything, and nothing of it may command the terminal.
    return Text(
        "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in shown)
    )
