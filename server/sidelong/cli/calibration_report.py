"""What a calibration found, for people and as JSON; README.md documents the names.

What is offered and kept is the command's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sidelong import paths
from sidelong.acceptance import Margin, Tally
from sidelong.cli.evaluating import Evaluated
from sidelong.cli.terminal import Figures, Terminal
from sidelong.evaluation.calibration import LEAST_TO_CORRECT, Calibration, Corrected
from sidelong.evaluation.record import plain
from sidelong.evaluation.summary import Point
from sidelong.evaluation.words import auc, percent, signed


@dataclass(frozen=True)
class Taken:
    """What the counts of acceptance say, for these models in this folder."""

    all: Tally
    margin: Margin
    too_unsure: tuple[float, Tally] | None


@dataclass(frozen=True, eq=False)
class Findings:
    """All that one calibration found."""

    evaluated: Evaluated
    threshold: Calibration
    correction: Corrected | None
    taken: Taken


def show(found: Findings) -> None:
    """Print a table of the thresholds, and what they gain in sentences."""
    evaluated, threshold, correction = found.evaluated, found.threshold, found.correction
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
    for sentence in _sentences(found):
        console.print(sentence, markup=False)


def record(found: Findings, *, written: bool) -> dict[str, Any]:
    """The same as JSON values; what cannot be counted is null."""
    evaluated, threshold = found.evaluated, found.threshold
    correction, taken = found.correction, found.taken
    said: dict[str, Any] = plain(
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
    return said


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


def _sentences(found: Findings) -> Iterator[str]:
    yield from _on_threshold(found.threshold)
    yield from _on_correction(found.correction)
    yield from _on_acceptance(found.taken)
    if found.evaluated.partial:
        yield (
            f"PARTIAL: interrupted after {len(found.evaluated.trials)} of "
            f"{found.evaluated.wanted} blanks; nothing is written."
        )


def _on_threshold(found: Calibration) -> Iterator[str]:
    yield (
        f"On files it was not chosen on, the choice gains {signed(found.gain)} edit similarity "
        "over what is in use."
    )
    if found.over_budget:
        yield f"The threshold in use takes longer than the {found.budget_ms:,.0f} ms."
        if found.chosen.ms > (found.budget_ms or 0):
            yield "No threshold is fast enough; this is the fastest."
    if not found.worthwhile:
        yield "By the blanks, the threshold in use stays."
    elif not found.certain and not found.over_budget:
        yield "The gain may be chance; more blanks (-n) would tell."


def _on_correction(found: Corrected | None) -> Iterator[str]:
    if found is None:
        yield f"No correction of the decision was fitted: that takes {LEAST_TO_CORRECT} blanks."
        return
    yield (
        f"Correcting the decision by the model's state gains {signed(found.gain)} over P(<cc>) "
        f"alone and {signed(found.over_current)} over what is in use; it tells where retrieval "
        f"helps with AUC {auc(found.auc)}, P(<cc>) with {auc(found.auc_probability)}."
    )
    if found.worthwhile:
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
