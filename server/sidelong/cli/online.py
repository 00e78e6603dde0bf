"""`sidelong eval --online`: what keystrokes cost in the published setting and in sidelong's.

What is measured is `evaluation.online`'s, and how `evaluation.serving`'s.
"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sidelong import __version__, paths
from sidelong.cli.completing import loaded
from sidelong.cli.config import Config
from sidelong.cli.evaluating import EvaluationError, collect, workspace_cases
from sidelong.cli.parser import positive
from sidelong.cli.reporting import write_report
from sidelong.cli.terminal import Figures, Terminal
from sidelong.cli.workspace import indexed
from sidelong.engine import default_threads
from sidelong.evaluation.online import OnlineSummary, Typed, summarise_online
from sidelong.evaluation.online_words import number, sentences
from sidelong.evaluation.record import summary_record
from sidelong.evaluation.report import online_page
from sidelong.evaluation.serving import Serving
from sidelong.learnt import load_correction
from sidelong.settings import UserSettings

BLANKS = 20
KEYS = 12
INTERVAL_MS = 150


def add_online_options(parser: ArgumentParser) -> None:
    """Whether keystrokes are measured, how many, and at which pace."""
    parser.add_argument(
        "--online",
        action="store_true",
        help="measure keystrokes instead: latency and tokens with a warm index, in the published "
        f"setting of three concurrent paths and in sidelong's of one cache ({BLANKS} blanks "
        "unless -n says)",
    )
    parser.add_argument(
        "--keys",
        type=positive,
        metavar="N",
        help=f"with --online: how many characters of each blank are typed (default {KEYS})",
    )
    parser.add_argument(
        "--interval",
        type=_milliseconds,
        metavar="MS",
        help="with --online: milliseconds from key to key when typing in real time; 0 leaves that "
        f"out (default {INTERVAL_MS})",
    )


def run_online(args: Namespace, config: Config) -> bool:
    """Print what keystrokes cost; whether it was interrupted."""
    found = _measure(args, config)
    if args.json:
        print(json.dumps(_record(found)))
    else:
        _print(found)
    if args.report is not None:
        write_report(args.report, _page(found), quiet=args.json)
    return bool(found.partial)


@dataclass(frozen=True)
class _Found:
    """What was typed, and on what."""

    root: str
    model: str
    decider: str
    seed: int
    threads: int
    interval_ms: int
    wanted: int
    typed: tuple[Typed, ...]

    @property
    def partial(self) -> str:
        """That the report is partial, if it is."""
        if len(self.typed) == self.wanted:
            return ""
        return f"PARTIAL: interrupted after {len(self.typed)} of {self.wanted} blanks."


def _measure(args: Namespace, config: Config) -> _Found:
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    user = config.user
    interval = INTERVAL_MS if args.interval is None else args.interval
    with (
        indexed(root, exclude=config.settings.exclude) as index,
        loaded(user) as one,
        loaded(user) as other,
        loaded(_decider(user) if one.policy else user) as decider,
    ):
        if not decider.decides:
            raise EvaluationError(
                f"{one.model.name} has no token to decide with, and there is no policy that has. "
                "Name one with --policy, or use the default model."
            )
        correction = load_correction(root)
        with closing(Serving(one, other, decider, index.snapshot, correction)) as serving:
            found = serving.typed(
                cases, config.settings, keys=args.keys or KEYS, interval_s=interval / 1000
            )
            return _Found(
                root=str(root),
                model=one.model.name,
                decider=decider.model.name,
                seed=args.seed,
                threads=user.threads or default_threads(),
                interval_ms=interval,
                wanted=len(cases),
                typed=tuple(collect(found, total=len(cases))),
            )


def _decider(user: UserSettings) -> UserSettings:
    return replace(user, model=user.policy or paths.default_model(), policy=None, n_ctx=None)


def _record(found: _Found) -> dict[str, Any]:
    return {
        "sidelong": __version__,
        "root": found.root,
        "model": found.model,
        "decider": found.decider,
        "seed": found.seed,
        "threads": found.threads,
        "processors": os.cpu_count(),
        "interval_ms": found.interval_ms,
        "wanted": found.wanted,
        "partial": bool(found.partial),
        **summary_record(summarise_online(found.typed)),
    }


def _page(found: _Found) -> str:
    facts = {
        "workspace": found.root,
        "model": found.model,
        "blanks": str(len(found.typed)),
        "seed": str(found.seed),
        "threads a path": f"{found.threads} of {os.cpu_count()}",
        "sidelong": __version__,
    }
    return online_page.render(
        summarise_online(found.typed),
        found.typed,
        title=Path(found.root).name,
        facts=facts,
        interval_ms=found.interval_ms,
        partial=found.partial,
    )


def _print(found: _Found) -> None:
    console = Terminal()
    summary = summarise_online(found.typed)
    console.print(f"{found.root} with {found.model}", style="bold", markup=False)
    console.print(
        f"{summary.keys} keystrokes in {summary.blanks} blanks, seed {found.seed}; each path has "
        f"{found.threads} of {os.cpu_count()} processors",
        markup=False,
    )
    if found.partial:
        console.print(found.partial, style="bold red", markup=False)
    console.print()
    console.print(_rows(summary))
    console.print()
    for sentence in sentences(summary, interval_ms=found.interval_ms):
        console.print(sentence, markup=False)


def _rows(summary: OnlineSummary) -> Figures:
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


def _milliseconds(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no whole number of milliseconds")
    return int(text)
