"""The report on keystrokes: a table for people, JSON for programs, and a page on request."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.online import page
from bench.online.strokes import Typed
from bench.online.summary import OnlineSummary, summarise_online
from bench.online.words import number, sentences

from sidelong import __version__
from sidelong.cli.interruption import partial_run
from sidelong.cli.reporting import write_report
from sidelong.cli.terminal import Figures, Terminal
from sidelong.evaluation.record import plain


@dataclass(frozen=True)
class Report:
    """The blanks that were typed, and the choices they were typed with."""

    root: Path
    model: str
    decider: str
    seed: int
    threads: int
    interval_ms: int
    wanted: int
    typed: tuple[Typed, ...]

    @property
    def partial(self) -> str:
        """The sentence on a measurement that was interrupted; empty for a whole one."""
        if len(self.typed) == self.wanted:
            return ""
        return partial_run(f"{len(self.typed)} of {self.wanted} blanks")

    @cached_property
    def summary(self) -> OnlineSummary:
        """The figures."""
        return summarise_online(self.typed)


def write(report: Report, args: Namespace) -> None:
    """Print the report, and write the page."""
    if args.json:
        print(json.dumps(_record(report)))
    else:
        _print(report)
    if args.report is not None:
        write_report(args.report, _page(report), quiet=args.json)


def _record(report: Report) -> dict[str, Any]:
    return {
        "sidelong": __version__,
        "root": str(report.root),
        "model": report.model,
        "decider": report.decider,
        "seed": report.seed,
        "threads": report.threads,
        "processors": os.cpu_count(),
        "interval_ms": report.interval_ms,
        "wanted": report.wanted,
        "partial": bool(report.partial),
        **plain(asdict(report.summary)),
    }


def _page(report: Report) -> str:
    facts = {
        "workspace": str(report.root),
        "model": report.model,
        "blanks": str(len(report.typed)),
        "seed": str(report.seed),
        "threads a path": f"{report.threads} of {os.cpu_count()}",
        "sidelong": __version__,
    }
    return page.render(
        report.summary,
        report.typed,
        title=report.root.name,
        facts=facts,
        interval_ms=report.interval_ms,
        partial=report.partial,
    )


def _print(report: Report) -> None:
    console, summary = Terminal(), report.summary
    console.print(f"{report.root} with {report.model}", style="bold", markup=False)
    console.print(
        f"{summary.keys} keystrokes in {summary.blanks} blanks, seed {report.seed}; each path has "
        f"{report.threads} of {os.cpu_count()} processors",
        markup=False,
    )
    if report.partial:
        console.print(report.partial, style="bold red", markup=False)
    console.print()
    console.print(_table(summary))
    console.print()
    for sentence in sentences(summary, interval_ms=report.interval_ms):
        console.print(sentence, markup=False)


def _table(summary: OnlineSummary) -> Figures:
    table = Figures()
    table.add_column("setting", no_wrap=True)
    table.add_column("retrieval", no_wrap=True)
    for name in ("median", "p90", "read", "in all", "speed-up"):
        table.add_column(name, justify="right", no_wrap=True)
    gains = {speedup.setting: speedup.over_always for speedup in summary.speedups}
    for row in summary.rows:
        gain = gains[row.setting] if row.way == "selective" else None
        table.add_row(
            row.setting if row.way == "never" else "",
            row.way,
            f"{number(row.ms_median)} ms",
            f"{number(row.ms_p90)} ms",
            number(row.read),
            number(row.tokens),
            "" if gain is None else f"{100 * gain.mean:+.0f} %",
        )
    return table
