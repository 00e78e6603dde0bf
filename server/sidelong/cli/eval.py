"""Blank out pieces of a workspace, complete them, and say how good that is.

Each blank is completed without retrieval (never), with it (always), and as the model decides:
when it is the likeliest (greedy), or when its probability passes the threshold.
Every completion starts from an empty cache, so that each mode pays its own way.
Nothing leaves the machine, and nothing in the workspace changes.
Ctrl-C ends it early with a report of what there is until then.

--test-command "pytest -q" also judges function bodies by your own tests, in a temporary copy.
It RUNS CODE THAT THE MODEL WROTE, with your rights and without a sandbox: it is your choice.

--online measures keystrokes instead, as a user would have them.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sidelong import __version__
from sidelong.cli import summary_tables, testing
from sidelong.cli.bars import Patience
from sidelong.cli.config import Config, load_config
from sidelong.cli.evaluating import (
    Evaluated,
    EvaluationError,
    add_sampling_options,
    evaluate_workspace,
)
from sidelong.cli.index import FolderError
from sidelong.cli.online import BLANKS as BLANKS_ONLINE
from sidelong.cli.online import add_online_options, run_online
from sidelong.cli.parser import positive, probability
from sidelong.cli.reporting import add_report_option, check_report, write_report
from sidelong.cli.tasks import evaluate_tasks
from sidelong.cli.terminal import Terminal
from sidelong.cli.testing import add_test_options, project_tests
from sidelong.evaluation.passing import PassSummary, Verdict
from sidelong.evaluation.record import summary_record, trial_record
from sidelong.evaluation.report import page
from sidelong.evaluation.summary import Summary, summarise
from sidelong.evaluation.words import repoeval

BLANKS = 100
INTERRUPTED = 130


@dataclass(frozen=True)
class _Found:
    """What there is to report."""

    evaluated: Evaluated
    summary: Summary
    tests: PassSummary | None = None
    verdicts: Sequence[Verdict] = ()

    @property
    def partial(self) -> str:
        """That the report is partial, if it is."""
        done, wanted = len(self.evaluated.trials), self.evaluated.wanted
        if done < wanted:
            what = f"{done} of {wanted} blanks"
        elif self.tests is not None and self.tests.partial:
            tried = self.tests.judged + self.tests.unnoticed
            what = f"testing {tried} of {self.tests.wanted} function bodies"
        else:
            return ""
        return (
            f"PARTIAL: interrupted after {what}. Run it to its end before you rely on the figures."
        )


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong eval`."""
    add_sampling_options(parser, n=BLANKS)
    parser.add_argument(
        "--threshold", type=probability, metavar="X", help="instead of the one in use, 0 to 1"
    )
    parser.add_argument(
        "--tasks",
        type=Path,
        metavar="JSONL",
        help="instead of blanks: tasks of RepoEval or CrossCodeEval, their repositories in DIR",
    )
    parser.add_argument(
        "--context",
        type=positive,
        metavar="N",
        help="read so many tokens of retrieved code, instead of as many as the model asks for",
    )
    add_test_options(parser)
    add_online_options(parser)
    parser.set_defaults(blanks=None)
    parser.add_argument("--json", action="store_true", help="print JSON, every blank included")
    add_report_option(parser, "charts and cases")


def run(args: Namespace) -> int:
    """Print the report; 130 if it is a partial one."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to evaluate on.")
    check_report(args.report)
    if args.test_command is not None and (args.tasks is not None or "body" not in args.kinds):
        raise EvaluationError(
            "--test-command judges function bodies of the workspace. Leave out --tasks, and let "
            "--kinds name body."
        )
    if args.online and (args.tasks, args.test_command) != (None, None):
        raise EvaluationError(
            "--online measures keystrokes in the workspace. Leave out --tasks and --test-command."
        )
    for option, of in _BELONGS.items():
        if getattr(args, option) is not None and not getattr(args, of):
            given, wanted = (f"--{name.replace('_', '-')}" for name in (option, of))
            raise EvaluationError(
                f"{given} says how {wanted} goes. Give {wanted} too, or leave it out."
            )
    args.blanks = args.blanks or (BLANKS_ONLINE if args.online else BLANKS)
    if args.online:
        return INTERRUPTED if run_online(args, _config(args)) else 0
    found = _found(args)
    if args.json:
        print(json.dumps(_record(found)))
    else:
        _print(found, tasks=args.tasks is not None)
    if args.report is not None:
        write_report(args.report, _page(found), quiet=args.json)
    return INTERRUPTED if found.partial else 0


_BELONGS: Final = {"keys": "online", "interval": "online", "test_timeout": "test_command"}
"""Options that mean nothing without another."""


def _found(args: Namespace) -> _Found:
    evaluate = evaluate_tasks if args.tasks is not None else evaluate_workspace
    with project_tests(args) as tests:
        evaluated = evaluate(args, _config(args))
        with Patience("Counting"):
            summary = summarise(evaluated.trials)
        if tests is None:
            return _Found(evaluated, summary)
        verdicts, passed = tests.judge(evaluated.trials, partial=evaluated.partial)
        return _Found(evaluated, summary, passed, verdicts)


def _config(args: Namespace) -> Config:
    config = load_config(
        args.folder.resolve(), model=args.model, policy=args.policy, threads=args.threads
    )
    for message in config.problems:
        print(f"sidelong: {message}", file=sys.stderr)
    settings = config.settings
    if args.threshold is not None:
        settings = replace(settings, threshold=args.threshold)
    if args.context is not None:
        settings = replace(settings, context_tokens=args.context)
    return replace(config, settings=settings)


def _record(found: _Found) -> dict[str, Any]:
    evaluated = found.evaluated
    said = {verdict.case: verdict for verdict in found.verdicts}
    record = {
        "sidelong": __version__,
        "root": str(evaluated.root),
        "model": evaluated.model,
        "threshold": evaluated.threshold,
        "seed": evaluated.seed,
        "wanted": evaluated.wanted,
        "blanks": len(evaluated.trials),
        "partial": bool(found.partial),
        **summary_record(found.summary),
        "trials": [trial_record(t, said.get(t.case)) for t in evaluated.trials],
    }
    return record if found.tests is None else {**record, "tests": summary_record(found.tests)}


def _page(found: _Found) -> str:
    evaluated = found.evaluated
    facts = {
        "workspace": str(evaluated.root),
        "model": evaluated.model,
        "blanks": str(len(evaluated.trials)),
        "seed": str(evaluated.seed),
        "sidelong": __version__,
    }
    return page.render(
        found.summary,
        evaluated.trials,
        title=evaluated.root.name,
        facts=facts,
        partial=found.partial,
        tests=found.tests,
    )


def _print(found: _Found, *, tasks: bool) -> None:
    evaluated = found.evaluated
    console = Terminal()
    console.print(f"{evaluated.root} with {evaluated.model}", style="bold", markup=False)
    console.print(f"{len(evaluated.trials)} blanks, seed {evaluated.seed}", markup=False)
    if found.partial:
        console.print(found.partial, style="bold red", markup=False)
    console.print()
    console.print(summary_tables.render(found.summary))
    if found.tests is not None:
        console.print()
        console.print(testing.render(found.tests))
    if tasks:
        console.print(repoeval(found.summary), markup=False)
