"""Complete tasks of RepoEval or CrossCodeEval, and say how good that is.

FILE is a .jsonl file as they publish it. Each repository is looked for under its name in DIR; where
it is not there, the published chunks are all that can be retrieved.
The report is that of `sidelong eval`.

    python -m bench.tasks FILE.jsonl REPOSITORIES [-n 100]
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from bench.tasks.repositories import evaluate_tasks

from sidelong.cli import exit_status
from sidelong.cli.eval.report import Report, add_output_options, check_output, write
from sidelong.cli.evaluating import add_deciding_options, configured
from sidelong.cli.interruption import INTERRUPTED
from sidelong.cli.parser import Parser, add_model_options, positive
from sidelong.cli.workspace import existing_folder
from sidelong.evaluation.summary import ALL_KINDS, Summary, summarise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit status, 130 if the report is a partial one."""
    parser = Parser(prog="python -m bench.tasks", description=__doc__)
    configure(parser)
    return exit_status(lambda: run(parser.parse_args(arguments)))


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("tasks", type=Path, metavar="FILE")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR")
    parser.add_argument(
        "-n", "--blanks", type=positive, default=100, metavar="N", help="how many (default 100)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="other tasks (default 0)")
    add_model_options(parser)
    add_deciding_options(parser)
    add_output_options(parser)


def run(args: Namespace) -> int:
    existing_folder(args.folder, "look for repositories in")
    check_output(args)
    evaluated = evaluate_tasks(args, configured(args))
    report = Report(evaluated, summarise(evaluated.trials))
    write(report, args, repoeval_similarity(report.summary))
    return INTERRUPTED if report.partial else 0


def repoeval_similarity(summary: Summary) -> str:
    """The sentence with the edit similarity that RepoEval's and Repoformer's tables print."""
    scores = (scores for scores in summary.rows if scores.kind == ALL_KINDS)
    modes = ", ".join(f"{one.mode} {100 * one.repoeval_similarity.mean:.1f}" for one in scores)
    return f"Edit similarity as RepoEval counts it: {modes}."


if __name__ == "__main__":
    sys.exit(main())
