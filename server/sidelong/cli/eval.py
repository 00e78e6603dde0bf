"""Blank out pieces of a workspace, complete them, and say how good that is.

Each blank is completed without retrieval (never), with it (always), and as the model decides:
when it is the likeliest (greedy), or when its probability passes the threshold.
Every completion starts from an empty cache, so that each mode pays its own way.
Nothing leaves the machine, and nothing in the workspace changes.
Ctrl-C ends it early with a report of what there is until then.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from sidelong import __version__
from sidelong.cli import summary_tables
from sidelong.cli.config import Config, load_config
from sidelong.cli.evaluating import Evaluated, add_sampling_options, evaluate_workspace
from sidelong.cli.index import FolderError
from sidelong.cli.parser import probability
from sidelong.cli.tasks import evaluate_tasks
from sidelong.evaluation.record import summary_record, trial_record
from sidelong.evaluation.report import page
from sidelong.evaluation.summary import Summary, summarise
from sidelong.evaluation.words import repoeval

INTERRUPTED = 130


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong eval`."""
    add_sampling_options(parser, n=100)
    parser.add_argument(
        "--threshold", type=probability, metavar="X", help="instead of the one in use, 0 to 1"
    )
    parser.add_argument(
        "--tasks",
        type=Path,
        metavar="JSONL",
        help="instead of blanks: tasks of RepoEval or CrossCodeEval, their repositories in DIR",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, every blank included")
    parser.add_argument(
        "--report", type=Path, metavar="HTML", help="write a page with charts and cases"
    )


def run(args: Namespace) -> int:
    """Print the report; 130 if it is a partial one."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to evaluate on.")
    if args.report is not None and not args.report.parent.is_dir():
        raise FolderError(f"{args.report.parent} is no folder. Give a report's path in one.")
    evaluate = evaluate_tasks if args.tasks is not None else evaluate_workspace
    evaluated = evaluate(args, _config(args))
    summary = summarise(evaluated.trials)
    if args.report is not None:
        args.report.write_text(_page(evaluated, summary), encoding="utf-8")
    if args.json:
        print(json.dumps(_record(evaluated, summary)))
    else:
        _print(evaluated, summary, tasks=args.tasks is not None, report=args.report)
    return INTERRUPTED if evaluated.partial else 0


def _config(args: Namespace) -> Config:
    config = load_config(
        args.folder.resolve(), model=args.model, policy=args.policy, threads=args.threads
    )
    for message in config.problems:
        print(f"sidelong: {message}", file=sys.stderr)
    if args.threshold is None:
        return config
    return replace(config, settings=replace(config.settings, threshold=args.threshold))


def _record(evaluated: Evaluated, summary: Summary) -> dict[str, Any]:
    return {
        "sidelong": __version__,
        "root": str(evaluated.root),
        "model": evaluated.model,
        "threshold": evaluated.threshold,
        "seed": evaluated.seed,
        "wanted": evaluated.wanted,
        "blanks": len(evaluated.trials),
        "partial": evaluated.partial,
        **summary_record(summary),
        "trials": [trial_record(trial) for trial in evaluated.trials],
    }


def _page(evaluated: Evaluated, summary: Summary) -> str:
    facts = {
        "workspace": str(evaluated.root),
        "model": evaluated.model,
        "blanks": str(len(evaluated.trials)),
        "seed": str(evaluated.seed),
        "sidelong": __version__,
    }
    return page.render(
        summary,
        evaluated.trials,
        title=evaluated.root.name,
        facts=facts,
        partial=_partial(evaluated),
    )


def _partial(evaluated: Evaluated) -> str:
    """That the report is partial, if it is."""
    if not evaluated.partial:
        return ""
    return (
        f"PARTIAL: interrupted after {len(evaluated.trials)} of {evaluated.wanted} blanks. "
        "Run it to its end before you rely on the figures."
    )


def _print(evaluated: Evaluated, summary: Summary, *, tasks: bool, report: Path | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{evaluated.root} with {evaluated.model}", style="bold", markup=False)
    console.print(f"{len(evaluated.trials)} blanks, seed {evaluated.seed}", markup=False)
    if evaluated.partial:
        console.print(_partial(evaluated), style="bold red", markup=False)
    console.print()
    console.print(summary_tables.render(summary))
    if tasks:
        console.print(repoeval(summary), markup=False)
    if report is not None:
        console.print(f"\nReport: {report}", markup=False)
