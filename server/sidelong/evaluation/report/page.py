"""The page of the report: figures, charts and cases, the most asked for first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from sidelong.evaluation.passing import PassSummary, sentence
from sidelong.evaluation.report import cases, charts, parts
from sidelong.evaluation.run import Trial
from sidelong.evaluation.summary import ALL_KINDS, Gating, ModeScores, Summary
from sidelong.evaluation.words import WHAT, sentences

_CASES = 4


def render(
    summary: Summary,
    trials: Sequence[Trial],
    *,
    title: str,
    facts: Mapping[str, str],
    partial: str = "",
    tests: PassSummary | None = None,
) -> str:
    """The whole page; `partial` is the sentence on a partial run, empty for a whole one.

    `tests` are the pass rates of the function bodies, if the project's own tests were run.
    """
    return parts.document(
        f"sidelong on {title}",
        f'<p class="partial">{escape(partial)}</p>' if partial else "",
        parts.facts(facts),
        _modes(summary),
        *(f"<p>{escape(sentence)}</p>" for sentence in sentences(summary)),
        _figures(summary),
        _latency(trials),
        _kinds(summary),
        _tests(tests) if tests is not None else "",
        _cases("Where retrieval helped most", cases.best(trials, _CASES)),
        _cases("Where retrieval hurt most", cases.worst(trials, _CASES)),
    )


def _modes(summary: Summary) -> str:
    columns: dict[str, Callable[[ModeScores], str]] = {
        "retrieval": lambda r: charts.legend_dot(r.mode) + r.mode,
        "retrieved": lambda r: f"{r.retrieved:.0%}",
        "exact match": lambda r: parts.interval(r.exact),
        "edit similarity": lambda r: parts.interval(r.edit_similarity),
        "RepoEval's": lambda r: parts.interval(r.repoeval_similarity),
        "identifiers (F1)": lambda r: parts.interval(r.identifiers_f1),
        "first line right": lambda r: parts.interval(r.first_line),
        "median": lambda r: f"{r.cost.ms_median:,.0f} ms",
        "p90": lambda r: f"{r.cost.ms_p90:,.0f} ms",
        "tokens evaluated": lambda r: f"{r.cost.evaluated:,.0f}",
    }
    rows = [row for row in summary.rows if row.kind == ALL_KINDS]
    return (
        "<h2>Each way to decide</h2>"
        + parts.table(columns, ([cell(row) for cell in columns.values()] for row in rows))
        + '<p class="soft">In percent, with 95 % bootstrap intervals. Edit similarity is '
        "CrossCodeEval's (longest common subsequence), beside it RepoEval's (Levenshtein). "
        "Completions are cut to as "
        "many lines as stood there. Each starts from an empty cache, so that no mode is helped "
        "by what another has read; while one types on, all of them cost less.</p>"
    )


def _figures(summary: Summary) -> str:
    figures = [
        parts.figure(
            charts.accuracy_latency(summary),
            "Accuracy against latency. Small dots are thresholds, from always (0) to never (1); "
            "better is up and to the left. Whiskers are 95 % intervals of all blanks: modes on "
            "the same blanks differ more surely than they suggest.",
        )
    ]
    if summary.gating is not None:
        figures.append(_reliability(summary.gating))
    return f'<h2>What deciding is worth</h2><div class="figures">{"".join(figures)}</div>'


def _reliability(gating: Gating) -> str:
    return parts.figure(
        charts.reliability_diagram(gating),
        "Reliability of P(<cc>): on the dashed line the probability can be taken at its word. "
        f"Expected calibration error {gating.calibration_error:.3f}. Grey bars: how many blanks.",
    )


def _latency(trials: Sequence[Trial]) -> str:
    return "<h2>Latency</h2>" + parts.figure(
        charts.latency_distribution(trials),
        "A dot per completion, the middle half boxed, the median marked.",
    )


def _kinds(summary: Summary) -> str:
    modes = list(dict.fromkeys(row.mode for row in summary.rows))
    lines = []
    for benefit in summary.benefits[1:]:
        rows = {row.mode: row for row in summary.rows if row.kind == benefit.kind}
        lines.append(
            [
                escape(WHAT.get(benefit.kind, benefit.kind)),
                str(benefit.n),
                *(f"{100 * rows[m].exact.mean:.1f}" for m in modes),
                *(parts.interval(rows[m].edit_similarity) for m in modes),
                f"{benefit.helps:.0%} / {benefit.nothing:.0%} / {benefit.hurts:.0%}",
            ]
        )
    names = [
        "kind of blank",
        "blanks",
        *(f"exact, {mode}" for mode in modes),
        *(f"edit sim., {mode}" for mode in modes),
        "helps / nothing / hurts",
    ]
    return "<h2>Kinds of blanks</h2>" + parts.table(names, lines)


def _tests(summary: PassSummary) -> str:
    names = ["retrieval", "bodies", "tests pass", "exact match"]
    rows = (
        [
            charts.legend_dot(row.mode) + row.mode,
            str(row.n),
            parts.interval(row.passed),
            parts.interval(row.exact),
        ]
        for row in summary.rows
    )
    return (
        "<h2>Function bodies by the project's own tests</h2>"
        f'{parts.table(names, rows)}<p class="soft">{escape(sentence(summary))}</p>'
    )


def _cases(title: str, trials: Sequence[Trial]) -> str:
    articles = "".join(map(cases.article, trials)) or "<p>Nowhere.</p>"
    return f"<h2>{escape(title)}</h2>{articles}"
