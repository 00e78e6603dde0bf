"""Blank out pieces of a workspace, complete them, and say how good that is.

Each blank is completed without retrieval (never), with it (always), and as the model decides:
when it is the likeliest (greedy), or when its probability passes the threshold.
Every completion starts from an empty cache, so that each mode pays its own way.
Nothing leaves the machine, and nothing in the workspace changes.
Ctrl-C ends it early with a report on the blanks that are completed.

--test-command "pytest -q" also judges function bodies by your own tests, in a temporary copy.
It RUNS CODE THAT THE MODEL WROTE, with your rights and without a sandbox: it is your choice.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from sidelong.cli.bars import Patience
from sidelong.cli.blanks import EvaluationError, add_sampling_options
from sidelong.cli.eval.report import Report, add_output_options, check_output, write
from sidelong.cli.eval.testing import add_test_options, project_tests
from sidelong.cli.evaluating import add_deciding_options, configured, evaluate_workspace
from sidelong.cli.interruption import INTERRUPTED
from sidelong.cli.workspace import existing_folder
from sidelong.evaluation.summary import summarise


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong eval`."""
    add_sampling_options(parser, n=100)
    add_deciding_options(parser)
    add_test_options(parser)
    add_output_options(parser)


def run(args: Namespace) -> int:
    """Print the report; 130 if it is a partial one."""
    existing_folder(args.folder, "evaluate on")
    check_output(args)
    if args.test_command is not None and "body" not in args.kinds:
        raise EvaluationError(
            "--test-command judges function bodies. Leave it out, or let --kinds name body."
        )
    if args.test_timeout is not None and args.test_command is None:
        raise EvaluationError(
            "--test-timeout says how --test-command goes. Give --test-command too, or leave it out."
        )
    report = _report(args)
    write(report, args)
    return INTERRUPTED if report.partial else 0


def _report(args: Namespace) -> Report:
    with project_tests(args) as tests:
        evaluated = evaluate_workspace(args, configured(args))
        with Patience("Counting"):
            summary = summarise(evaluated.trials)
        if tests is None:
            return Report(evaluated, summary)
        verdicts, passed = tests.judge(evaluated.trials, partial=evaluated.partial)
        return Report(evaluated, summary, passed, verdicts)
