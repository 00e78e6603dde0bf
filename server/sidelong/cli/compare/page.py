"""The page of a comparison: changes, costs, and the worst flips, in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from sidelong.cli.compare import charts
from sidelong.cli.compare.findings import SERVED, Change, Comparison, PlugIn, negative_flips
from sidelong.cli.compare.words import WAYS, sentences
from sidelong.evaluation.record import line_number
from sidelong.evaluation.report import cases, parts
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import ALL_KINDS
from sidelong.evaluation.words import WHAT, percent, signed

_LOST, _WON = 6, 2


def render(
    comparison: Comparison,
    old: Sequence[Trial],
    new: Sequence[Trial],
    *,
    plug_ins: Mapping[str, Sequence[PlugIn]],
    title: str,
    facts: Mapping[str, str],
    partial: str = "",
) -> str:
    """The whole page; `partial` is the sentence on a partial run, empty for a whole one."""
    return parts.document(
        f"Old and new model on {title}",
        f'<p class="partial">{escape(partial)}</p>' if partial else "",
        parts.facts(facts),
        "<h2>What changes</h2>",
        *(f"<p>{escape(sentence)}</p>" for sentence in sentences(comparison)),
        _rows(comparison),
        _figures(comparison, old, new),
        _plug_ins(plug_ins),
        _latency(old, new),
        _flips("Lost: only the old model is right", old, new, n=_LOST, names=("old", "new")),
        _flips("Won: only the new model is right", new, old, n=_WON, names=("new", "old")),
    )


def _rows(comparison: Comparison) -> str:
    flips = {counted.kind: counted for counted in comparison.flips}
    lines = []
    for row in comparison.rows:
        counted = flips[row.kind] if row.mode == SERVED else None
        lines.append(
            [
                escape(row.mode if row.kind == ALL_KINDS else WHAT.get(row.kind, row.kind)),
                str(row.n),
                _both(row.exact),
                _both(row.edit_similarity),
                signed(row.edit_similarity.difference),
                "" if counted is None else str(counted.negative),
                "" if counted is None else str(counted.positive),
                f"{row.old_ms_median:,.0f} → {row.new_ms_median:,.0f} ms",
                f"{row.evaluated.old:,.0f} → {row.evaluated.new:,.0f}",
            ]
        )
    names = ("", "blanks", "exact match", "edit similarity", "new - old", "lost", "won",
             "median", "tokens evaluated")  # fmt: skip
    return parts.table(names, lines) + (
        '<p class="soft">Old → new in percent, and the difference in points with its 95 % '
        "bootstrap interval, blank by blank. The kinds, and what is lost and won, are as served: "
        "by the threshold. Each completion starts from an empty cache.</p>"
    )


def _both(change: Change) -> str:
    return f"{100 * change.old:.1f} → {100 * change.new:.1f}"


def _figures(comparison: Comparison, old: Sequence[Trial], new: Sequence[Trial]) -> str:
    figures = [
        parts.figure(
            charts.differences(comparison),
            "Edit similarity, new minus old: each mode on all blanks, then each kind as served. "
            "Where the interval crosses zero, the difference may be chance.",
        )
    ]
    if comparison.thresholds is not None:
        figures.append(
            parts.figure(
                charts.retrieval_rates(old, new, comparison.thresholds),
                "How often each model retrieves at each threshold. Dots: the new model at the "
                "old threshold, and at the one that keeps the old rate.",
            )
        )
    return f'<div class="figures">{"".join(figures)}</div>'


def _plug_ins(plug_ins: Mapping[str, Sequence[PlugIn]]) -> str:
    lines = [
        [
            escape(f"{name}: {WAYS[way.decided]}"),
            percent(way.retrieved),
            parts.interval(way.exact),
            parts.interval(way.edit_similarity),
            signed(way.over_never),
            signed(way.over_always),
            f"{way.ms.mean:,.0f} ms",
        ]
        for name, ways in plug_ins.items()
        for way in ways
    ]
    names = ("", "retrieves", "exact match", "edit similarity", "over never", "over always",
             "mean latency")  # fmt: skip
    return f"<h2>What the policy is worth</h2>{parts.table(names, lines)}" if lines else ""


def _latency(old: Sequence[Trial], new: Sequence[Trial]) -> str:
    return "<h2>Latency</h2>" + parts.figure(
        charts.latencies(old, new),
        "A dot per completion as served, the middle half boxed, the median marked.",
    )


def _flips(
    title: str, right: Sequence[Trial], wrong: Sequence[Trial], *, n: int, names: tuple[str, str]
) -> str:
    flips = negative_flips(right, wrong)
    shown = "".join(_article(*pair, names) for pair in flips[:n]) or "<p>Nothing.</p>"
    more = f" ({n} of {len(flips)})" if len(flips) > n else ""
    return f"<h2>{escape(title + more)}</h2>{shown}"


def _article(right: Trial, wrong: Trial, names: tuple[str, str]) -> str:
    case = right.case
    return (
        f"<article><header><b>{escape(f'{case.file.path}:{line_number(case)}')}</b>"
        f"<span>{escape(WHAT.get(case.blank.kind, case.blank.kind))}</span></header>"
        '<div class="side">'
        f"{cases.pane('what stood there', right, escape(case.target))}"
        f"{cases.scored_pane(names[0], right, right.completions[SERVED])}"
        f"{cases.scored_pane(names[1], wrong, wrong.completions[SERVED])}</div></article>"
    )
