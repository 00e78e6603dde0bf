"""The findings of a calibration, for people and as JSON; docs/evaluate.md documents the names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sidelong import paths
from sidelong.acceptance import Margin, Tally
from sidelong.cli.calibrate.calibration import LEAST_TO_CORRECT, Calibration, Corrected
from sidelong.cli.evaluating import Evaluated
from sidelong.cli.interruption import partial_run
from sidelong.cli.terminal import Figures, Terminal
from sidelong.evaluation.record import plain
from sidelong.evaluation.summary import Point
from sidelong.evaluation.words import auc, percent, signed


@dataclass(frozen=True)
class Taken:
    """The counts of acceptance, for these models in this folder."""

    all: Tally
    margin: Margin
    too_unsure: tuple[float, Tally] | None


@dataclass(frozen=True, eq=False)
class Findings:
    """The results of one calibration."""

    evaluated: Evaluated
    threshold: Calibration
    correction: Corrected | None
    taken: Taken


def show(findings: Findings) -> None:
    """Print a table of the thresholds, and sentences on their gain."""
    evaluated, threshold = findings.evaluated, findings.threshold
    correction = findings.correction
    console = Terminal()
    console.print(f"{evaluated.root} with {evaluated.model}", style="bold", markup=False)
    console.print(f"{len(evaluated.trials)} blanks, seed {evaluated.seed}\n", markup=False)
    table = Figures()
    table.add_column("", no_wrap=True)
    for name in ("threshold", "retrieves", "edit sim.", "exact", "mean"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("in use", *_cells(threshold.current))
    table.add_row("best here", *_cells(threshold.chosen))
    if correction is not None:
        table.add_row("best corrected", *_cells(correction.chosen))
    console.print(table)
    console.print()
    for sentence in _sentences(findings):
        console.print(sentence, markup=False)


def record(findings: Findings, *, written: bool) -> dict[str, Any]:
    """The findings as JSON values; an AUC that is not defined is null."""
    evaluated, threshold = findings.evaluated, findings.threshold
    correction, taken = findings.correction, findings.taken
    values: dict[str, Any] = plain(
        {
            "root": str(evaluated.root),
            "model": evaluated.model,
            "seed": evaluated.seed,
            "wanted": evaluated.wanted,
            "blanks": len(evaluated.trials),
            "partial": evaluated.partial,
            **asdict(threshold),
            "worthwhile": threshold.worthwhile,
            "certain": threshold.certain,
            "correction": None if correction is None else _correction_record(correction),
            "acceptance": {**asdict(taken.all), **asdict(taken.margin)},
            "config": str(paths.config_file()),
            "written": written,
        }
    )
    return values


def _correction_record(correction: Corrected) -> dict[str, Any]:
    return {
        "chosen": asdict(correction.chosen),
        "gain": asdict(correction.gain),
        "over_current": asdict(correction.over_current),
        "auc": correction.auc,
        "auc_probability": correction.auc_probability,
        "worthwhile": correction.worthwhile,
    }


def _cells(point: Point) -> tuple[str, ...]:
    return (
        f"{point.threshold:.4g}",
        percent(point.retrieved),
        f"{100 * point.edit_similarity:.1f}",
        f"{100 * point.exact:.1f}",
        f"{point.ms:,.0f} ms",
    )


def _sentences(findings: Findings) -> Iterator[str]:
    yield from _on_threshold(findings.threshold)
    yield from _on_correction(findings.correction)
    yield from _on_acceptance(findings.taken)
    if findings.evaluated.partial:
        yield f"{partial_run(findings.evaluated.progress)} Nothing is written."


def _on_threshold(threshold: Calibration) -> Iterator[str]:
    yield (
        f"On files it was not chosen on, the choice gains {signed(threshold.gain)} edit similarity "
        "over what is in use."
    )
    if threshold.over_budget:
        yield f"The threshold in use takes longer than the {threshold.budget_ms:,.0f} ms."
        if threshold.chosen.ms > (threshold.budget_ms or 0):
            yield "No threshold is fast enough; this is the fastest."
    if not threshold.worthwhile:
        yield "By the blanks, the threshold in use stays."
    elif not threshold.certain and not threshold.over_budget:
        yield "The gain may be chance; more blanks (-n) would tell."


def _on_correction(correction: Corrected | None) -> Iterator[str]:
    if correction is None:
        yield f"No correction of the decision was fitted: that takes {LEAST_TO_CORRECT} blanks."
        return
    yield (
        "Correcting the decision by the model's state gains "
        f"{signed(correction.gain)} over P(<cc>) alone and {signed(correction.over_current)} over "
        f"what is in use; it tells where retrieval helps with AUC {auc(correction.auc)}, "
        f"P(<cc>) with {auc(correction.auc_probability)}."
    )
    if correction.worthwhile:
        yield "It is better, so it comes with its own threshold."
    else:
        yield "That is not surely better, so there is none."


def _on_acceptance(taken: Taken) -> Iterator[str]:
    if not taken.all.shown:
        return
    yield f"Of {_words(taken.all)} suggestions counted here you took {percent(taken.all.share)}."
    above, below, step = taken.margin.above, taken.margin.below, taken.margin.step
    if step:
        yield (
            f"Just above the threshold, with retrieval, you took {percent(above.share)} of "
            f"{_words(above)}; just below, without, {percent(below.share)} of {_words(below)}. "
            f"So it may well retrieve {'more' if step < 0 else 'less'}."
        )
    if taken.too_unsure is not None:
        limit, rare = taken.too_unsure
        yield (
            f"Of {_words(rare)} less likely than {limit:g} you took {rare.taken}: "
            f"minProbability = {limit:g} would spare you the others."
        )


def _words(tally: Tally) -> str:
    return f"{tally.shown:,}"
