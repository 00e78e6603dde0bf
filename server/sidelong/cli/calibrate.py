"""Find the threshold that suits a workspace, by completing blanks of its own code.

The best edit similarity decides, among the thresholds whose mean latency is within --budget.
A small correction of the decision by the model's state is fitted beside it.
What either gains is judged on files that it was not chosen on; a correction counts only if it is
surely better.
On your word the threshold is written to your own config file for that folder, and the correction
to your cache folder; never into the workspace.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sidelong import learnt, paths
from sidelong.cli.calibrating import Studied, study
from sidelong.cli.config import load_config
from sidelong.cli.evaluating import Evaluated, add_sampling_options
from sidelong.cli.index import FolderError
from sidelong.cli.parser import positive
from sidelong.cli.user_config import write_threshold
from sidelong.correction import Correction
from sidelong.errors import SidelongError
from sidelong.evaluation.calibration import (
    LEAST_TO_CORRECT,
    Calibration,
    Corrected,
    calibrate,
    correct,
)
from sidelong.evaluation.correcting import FOLDS
from sidelong.evaluation.summary import Point
from sidelong.evaluation.words import percent, signed
from sidelong.settings import Settings

INTERRUPTED = 130


class CalibrationError(SidelongError):
    """There is nothing to choose between."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong calibrate`."""
    add_sampling_options(parser, n=200)
    parser.add_argument(
        "--budget", type=positive, metavar="MS", help="the mean latency that is allowed"
    )
    parser.add_argument("--write", action="store_true", help="write it without asking")
    parser.add_argument("--json", action="store_true", help="print JSON; never asks")
    parser.add_argument(
        "--forget", action="store_true", help="only delete what was learnt about the folder"
    )


def run(args: Namespace) -> int:
    """Print what was found and offer to keep it; 130 if it was interrupted."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to calibrate for.")
    root = args.folder.resolve()
    if args.forget:
        return _forget(root)
    config = load_config(root, model=args.model, policy=args.policy, threads=args.threads)
    for message in (*config.problems, *_unused(config.settings)):
        print(f"sidelong: {message}", file=sys.stderr)
    studied = study(args, config)
    evaluated = studied.evaluated
    found = calibrate(
        evaluated.trials,
        current=evaluated.threshold,
        budget_ms=args.budget,
        asked=studied.asked,
    )
    if found is None:
        raise CalibrationError(_why_not(evaluated))
    corrected = _correct(studied, args.budget)
    proposal = Proposal.of(found, corrected)
    if not args.json:
        _print(evaluated, found, corrected)
    wanted = proposal is not None and not evaluated.partial
    written = wanted and (args.write or (not args.json and _asked(root)))
    if written and proposal is not None:
        proposal.keep(root)
    if args.json:
        print(json.dumps(_record(evaluated, found, corrected, written=written)))
    elif written:
        print(f"Written to {paths.config_file()}.")
    return INTERRUPTED if evaluated.partial else 0


@dataclass(frozen=True)
class Proposal:
    """What is to be kept: a threshold, and the correction that it is for, if there is one."""

    threshold: float
    correction: Correction | None

    @staticmethod
    def of(found: Calibration, corrected: Corrected | None) -> Proposal | None:
        """The correction where it is surely better, else a better threshold, else nothing."""
        if corrected is not None and corrected.worthwhile:
            return Proposal(corrected.chosen.threshold, corrected.correction)
        return Proposal(found.chosen.threshold, None) if found.worthwhile else None

    def keep(self, root: Path) -> None:
        """Write it down; a correction that was kept before goes, for it is no better."""
        write_threshold(paths.config_file(), root, self.threshold)
        if self.correction is None:
            learnt.forget_correction(root)
        else:
            learnt.save_correction(root, self.correction)


def _correct(studied: Studied, budget_ms: float | None) -> Corrected | None:
    if studied.asked is None:
        return None
    return correct(
        studied.evaluated.trials,
        asked=studied.asked,
        hidden=studied.hidden,
        models=studied.models,
        current=studied.evaluated.threshold,
        budget_ms=budget_ms,
    )


def _forget(root: Path) -> int:
    gone = learnt.forget(root)
    for file in gone:
        print(f"Deleted {file}.")
    if not gone:
        print(f"Nothing was learnt about {root}.")
    return 0


def _unused(settings: Settings) -> list[str]:
    if settings.retrieval == "auto" and settings.rule == "threshold":
        return []
    return [
        "The settings for this folder do not use a threshold. Set retrieval.mode to auto and "
        "retrieval.rule to threshold, or what is found here has no effect."
    ]


def _why_not(evaluated: Evaluated) -> str:
    if len(evaluated.trials) < FOLDS:
        return f"{len(evaluated.trials)} blanks are too few to choose by. Ask for more with -n."
    return f"{evaluated.model} has no token to decide with. Use the default model."


def _asked(root: Path) -> bool:
    """Whether the user says yes; no where nobody can be asked."""
    if not sys.stdin.isatty():
        print("Not written: run it again with --write.")
        return False
    question = f"Use it in {root}? It is written to {paths.config_file()}. [y/N] "
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _print(evaluated: Evaluated, found: Calibration, corrected: Corrected | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{evaluated.root} with {evaluated.model}", style="bold", markup=False)
    console.print(f"{len(evaluated.trials)} blanks, seed {evaluated.seed}\n", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for name in ("threshold", "retrieves", "edit sim.", "exact", "mean"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("in use", *_cells(found.current))
    table.add_row("best here", *_cells(found.chosen))
    if corrected is not None:
        table.add_row("best corrected", *_cells(corrected.chosen))
    console.print(table)
    console.print()
    for sentence in (*_sentences(evaluated, found), *_on_correction(corrected)):
        console.print(sentence, markup=False)


def _cells(point: Point) -> tuple[str, ...]:
    return (
        f"{point.threshold:.4g}",
        percent(point.retrieved),
        f"{100 * point.edit_similarity:.1f}",
        f"{100 * point.exact:.1f}",
        f"{point.ms:,.0f} ms",
    )


def _sentences(evaluated: Evaluated, found: Calibration) -> list[str]:
    said = [
        f"On blanks it was not chosen on, the choice gains {signed(found.gain)} edit similarity "
        "over the threshold in use."
    ]
    if found.over_budget:
        said.append(f"The threshold in use takes longer than the {found.budget_ms:,.0f} ms.")
        if found.chosen.ms > (found.budget_ms or 0):
            said.append("No threshold is fast enough; this is the fastest.")
    if evaluated.partial:
        said.append(
            f"PARTIAL: interrupted after {len(evaluated.trials)} of {evaluated.wanted} blanks; "
            "nothing is written."
        )
    elif not found.worthwhile:
        said.append("The threshold in use stays.")
    elif not found.certain and not found.over_budget:
        said.append("The gain may be chance; more blanks (-n) would tell.")
    return said


def _on_correction(corrected: Corrected | None) -> list[str]:
    if corrected is None:
        return [f"No correction of the decision was fitted: it takes {LEAST_TO_CORRECT} blanks."]
    said = [
        f"Correcting the decision by the model's state gains {signed(corrected.gain)} over P(<cc>) "
        f"alone and {signed(corrected.over_current)} over what is in use; it tells where retrieval "
        f"helps with AUC {corrected.auc:.2f}, P(<cc>) with {corrected.auc_probability:.2f}."
    ]
    if corrected.worthwhile:
        return [*said, "It is better, so it comes with its own threshold."]
    return [*said, "That is not surely better, so there is none."]


def _record(
    evaluated: Evaluated, found: Calibration, corrected: Corrected | None, *, written: bool
) -> dict[str, Any]:
    return {
        "root": str(evaluated.root),
        "model": evaluated.model,
        "seed": evaluated.seed,
        "wanted": evaluated.wanted,
        "blanks": len(evaluated.trials),
        "partial": evaluated.partial,
        **asdict(found),
        "worthwhile": found.worthwhile,
        "certain": found.certain,
        "correction": None if corrected is None else _correction_record(corrected),
        "config": str(paths.config_file()),
        "written": written,
    }


def _correction_record(corrected: Corrected) -> dict[str, Any]:
    return {
        "chosen": asdict(corrected.chosen),
        "gain": asdict(corrected.gain),
        "over_current": asdict(corrected.over_current),
        "auc": corrected.auc,
        "auc_probability": corrected.auc_probability,
        "worthwhile": corrected.worthwhile,
    }
