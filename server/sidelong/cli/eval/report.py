"""The report of an evaluation: tables for people, JSON for programs, and a page on request."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sidelong import __version__
from sidelong.cli.eval import tables, testing
from sidelong.cli.evaluating import Evaluated
from sidelong.cli.interruption import partial_run
from sidelong.cli.reporting import add_report_option, check_report, write_report
from sidelong.cli.terminal import Terminal
from sidelong.evaluation.passing import PassSummary, Verdict
from sidelong.evaluation.record import summary_record, trial_record
from sidelong.evaluation.report import page
from sidelong.evaluation.summary import Summary


@dataclass(frozen=True)
class Report:
    """The results of one evaluation, counted."""

    evaluated: Evaluated
    summary: Summary
    tests: PassSummary | None = None
    verdicts: Sequence[Verdict] = ()

    @property
    def partial(self) -> str:
        """The sentence on an evaluation that was interrupted; empty for a whole one."""
        if self.evaluated.partial:
            return partial_run(self.evaluated.progress)
        if self.tests is not None and self.tests.partial:
            tried = self.tests.judged + self.tests.unnoticed
            return partial_run(f"testing {tried} of {self.tests.wanted} function bodies")
        return ""


def add_output_options(parser: ArgumentParser) -> None:
    """--json and --report."""
    parser.add_argument("--json", action="store_true", help="print JSON, every blank included")
    add_report_option(parser, "charts and cases")


def check_output(args: Namespace) -> None:
    """Raise `ReportError` if the page cannot be written where --report wants it."""
    check_report(args.report)


def write(report: Report, args: Namespace, *more: str) -> None:
    """Print the report, for people with `more` sentences, and write the page."""
    if args.json:
        print(json.dumps(_record(report)))
    else:
        _print(report, more)
    if args.report is not None:
        write_report(args.report, _page(report), quiet=args.json)


def _record(report: Report) -> dict[str, Any]:
    evaluated = report.evaluated
    verdict_of = {verdict.case: verdict for verdict in report.verdicts}
    record = {
        "sidelong": __version__,
        "root": str(evaluated.root),
        "model": evaluated.model,
        "threshold": evaluated.threshold,
        "seed": evaluated.seed,
        "wanted": evaluated.wanted,
        "blanks": len(evaluated.trials),
        "partial": bool(report.partial),
        **summary_record(report.summary),
        "trials": [trial_record(t, verdict_of.get(t.case)) for t in evaluated.trials],
    }
    return record if report.tests is None else {**record, "tests": summary_record(report.tests)}


def _page(report: Report) -> str:
    evaluated = report.evaluated
    facts = {
        "workspace": str(evaluated.root),
        "model": evaluated.model,
        "blanks": str(len(evaluated.trials)),
        "seed": str(evaluated.seed),
        "sidelong": __version__,
    }
    return page.render(
        report.summary,
        evaluated.trials,
        title=evaluated.root.name,
        facts=facts,
        partial=report.partial,
        tests=report.tests,
    )


def _print(report: Report, more: Sequence[str]) -> None:
    evaluated = report.evaluated
    console = Terminal()
    console.print(f"{evaluated.root} with {evaluated.model}", style="bold", markup=False)
    console.print(f"{len(evaluated.trials)} blanks, seed {evaluated.seed}", markup=False)
    if report.partial:
        console.print(report.partial, style="bold red", markup=False)
    console.print()
    console.print(tables.render(report.summary))
    if report.tests is not None:
        console.print()
        console.print(testing.render(report.tests))
    for sentence in more:
        console.print(sentence, markup=False)
