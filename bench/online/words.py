"""The figures of keystrokes as sentences, the same for the terminal and for the page."""

from __future__ import annotations

from bench.online.summary import OnlineSummary

from sidelong.evaluation.words import percent


def number(value: float) -> str:
    """The number with a digit behind the point if it is below 100."""
    return f"{value:,.{1 if value < 100 else 0}f}"


def sentences(summary: OnlineSummary, *, interval_ms: int) -> list[str]:
    """The cost of keystrokes, with the settings explained."""
    lines = [
        f"The model retrieves for {percent(summary.retrieved)} of the keystrokes. A search takes "
        f"{summary.retrieval_ms:.1f} ms in the median; the decision takes "
        f"{percent(summary.decision_share)} of completing without retrieval, from scratch.",
        f"Selective is faster than always by {_gains(summary)}; below 0 it is slower.",
        "From scratch is the published setting: three paths with empty caches, each measured "
        "alone, the latency computed. At once runs them together, each with a model and a cache "
        "of its own, and stops the one that is not wanted. One cache is what the editor gets.",
        "Read are the prompt tokens of all paths that are started for a keystroke; in all is what "
        "went through models until the end, or until a path was stopped, written tokens too.",
    ]
    for row in summary.replay:
        timed = (
            f", {row.ms_median:,.0f} ms after it in the median ({row.ms_p90:,.0f} ms at p90)"
            if row.answered
            else ""
        )
        lines.append(
            f"Typing a key every {interval_ms} ms, {row.way}: {percent(row.answered)} of the "
            f"keys are answered before the next{timed}."
        )
    return lines


def _gains(summary: OnlineSummary) -> str:
    """The speed-ups with their intervals."""
    return ", ".join(
        f"{100 * gain.mean:+.0f} % ({100 * gain.low:+.0f} to {100 * gain.high:+.0f}) {setting}"
        for setting, gain in ((one.setting, one.over_always) for one in summary.speedups)
    )
