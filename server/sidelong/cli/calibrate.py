"""Find the threshold that suits a workspace, by completing blanks of its own code.

The best edit similarity decides, among the thresholds whose mean latency is within --budget.
What it gains is judged on blanks that it was not chosen on.
On your word it is written to your own config file for that folder, never into the workspace.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sidelong import paths
from sidelong.cli.config import load_config
from sidelong.cli.evaluating import Evaluated, add_sampling_options, evaluate_workspace
from sidelong.cli.index import FolderError
from sidelong.cli.parser import positive
from sidelong.cli.user_config import write_threshold
from sidelong.errors import SidelongError
from sidelong.evaluation.calibration import FOLDS, Calibration, calibrate
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


def run(args: Namespace) -> int:
    """Print what was found and offer to keep it; 130 if it was interrupted."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to calibrate for.")
    config = load_config(
        args.folder.resolve(), model=args.model, policy=args.policy, threads=args.threads
    )
    for message in (*config.problems, *_unused(config.settings)):
        print(f"sidelong: {message}", file=sys.stderr)
    evaluated = evaluate_workspace(args, config, modes=("never", "always"))
    found = calibrate(evaluated.trials, current=evaluated.threshold, budget_ms=args.budget)
    if found is None:
        raise CalibrationError(_why_not(evaluated))
    if not args.json:
        _print(evaluated, found)
    wanted = found.worthwhile and not evaluated.partial
    written = wanted and (args.write or (not args.json and _asked(evaluated.root)))
    if written:
        write_threshold(paths.config_file(), evaluated.root, found.chosen.threshold)
    if args.json:
        print(json.dumps(_record(evaluated, found, written=written)))
    elif written:
        print(f"Written to {paths.config_file()}.")
    return INTERRUPTED if evaluated.partial else 0


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


def _print(evaluated: Evaluated, found: Calibration) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{evaluated.root} with {evaluated.model}", style="bold", markup=False)
    console.print(f"{len(evaluated.trials)} blanks, seed {evaluated.seed}\n", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for name in ("threshold", "retrieves", "edit sim.", "exact", "mean"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("in use", *_cells(found.current))
    table.add_row("best here", *_cells(found.chosen))
    console.print(table)
    console.print()
    for sentence in _sentences(evaluated, found):
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


def _record(evaluated: Evaluated, found: Calibration, *, written: bool) -> dict[str, Any]:
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
        "config": str(paths.config_file()),
        "written": written,
    }
