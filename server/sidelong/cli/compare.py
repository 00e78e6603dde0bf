"""Say what changes when you switch from one model to another, on your own code.

Both complete the same blanks of DIR.
OLD and NEW are GGUF files, names of your models, or `default` for the one that is shipped.
A blank that only the old one gets right is a negative flip: what you would miss.
--policy names a model that decides for both whether to retrieve, and what that is worth is shown.
Nothing leaves the machine, and nothing in the workspace changes.
Ctrl-C ends it early with a report on the blanks that both have completed.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.filesize import decimal

from sidelong import __version__
from sidelong.cli import comparison_tables
from sidelong.cli.bars import Patience
from sidelong.cli.comparing import Compared, Side, compare_models
from sidelong.cli.config import load_config
from sidelong.cli.evaluating import add_blank_options
from sidelong.cli.index import FolderError
from sidelong.cli.parser import add_engine_options, model_file
from sidelong.cli.reporting import add_report_option, check_report, write_report
from sidelong.cli.terminal import Terminal
from sidelong.errors import ModelMissing
from sidelong.evaluation.comparison import Comparison, compare
from sidelong.evaluation.comparison_record import comparison_record, pair_record
from sidelong.evaluation.report import comparison_page
from sidelong.models import store
from sidelong.settings import Settings

INTERRUPTED = 130


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong compare`."""
    parser.add_argument("old", type=model_file, metavar="OLD", help="the model in use")
    parser.add_argument("new", type=model_file, metavar="NEW", help="the one to switch to")
    add_blank_options(parser, n=100)
    add_engine_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, every blank included")
    add_report_option(parser, "charts and flips")


def run(args: Namespace) -> int:
    """Print the comparison; 130 if it is a partial one."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to compare on.")
    check_report(args.report)
    for path in (args.old, args.new):
        if not path.is_file():
            raise ModelMissing(
                f"There is no model file at {path}. Give two GGUF files or names of your models, "
                f"or `{store.DEFAULT}` for the one that is shipped."
            )
    config = load_config(args.folder.resolve(), policy=args.policy, threads=args.threads)
    for message in (*config.problems, *_same(args.old, args.new), *_unused(config.settings)):
        print(f"sidelong: {message}", file=sys.stderr)
    compared = compare_models(args, config)
    with Patience("Counting"):
        found = compare(compared.old, compared.new)
    if args.json:
        print(json.dumps(_record(compared, found)))
    else:
        _print(compared, found)
    if args.report is not None:
        write_report(args.report, _page(compared, found), quiet=args.json)
    return INTERRUPTED if compared.partial else 0


def _same(old: Path, new: Path) -> list[str]:
    if not old.samefile(new):
        return []
    return [f"Old and new are the same file, {old}: what differs is the machine's doing."]


def _unused(settings: Settings) -> list[str]:
    if settings.retrieval == "auto" and settings.rule == "threshold":
        return []
    return [
        "The settings for this folder do not decide by a threshold; kinds and flips are of that "
        "all the same. The rows never and always are of those modes."
    ]


def _partial(compared: Compared) -> str:
    """That the report is partial, if it is."""
    if not compared.partial:
        return ""
    return (
        f"PARTIAL: interrupted after {len(compared.pairs)} of {compared.wanted} blanks. "
        "Run it to its end before you rely on the figures."
    )


def _record(compared: Compared, found: Comparison) -> dict[str, Any]:
    old, new = compared.plug_ins()
    return {
        "sidelong": __version__,
        "root": str(compared.root),
        "seed": compared.seed,
        "wanted": compared.wanted,
        "blanks": len(compared.pairs),
        "partial": compared.partial,
        "models": {
            role: {**asdict(side), "path": str(side.path)}
            for role, side in zip(("old", "new"), compared.sides, strict=True)
        },
        **comparison_record(found, old=old, new=new),
        "trials": [pair_record(pair.old.trial, pair.new.trial) for pair in compared.pairs],
    }


def _page(compared: Compared, found: Comparison) -> str:
    facts = {
        "workspace": str(compared.root),
        **{role: _side(side) for role, side in zip(("old", "new"), compared.sides, strict=True)},
        "blanks": str(len(compared.pairs)),
        "seed": str(compared.seed),
        "sidelong": __version__,
    }
    return comparison_page.render(
        found,
        compared.old,
        compared.new,
        plug_ins=dict(zip(("old", "new"), compared.plug_ins(), strict=True)),
        title=compared.root.name,
        facts=facts,
        partial=_partial(compared),
    )


def _side(side: Side) -> str:
    decided = f", decided by {side.policy}" if side.policy else ""
    return (
        f"{side.path} ({decimal(side.file_bytes)}, "
        f"{decimal(side.resident_bytes)} in memory{decided})"
    )


def _print(compared: Compared, found: Comparison) -> None:
    console = Terminal()
    console.print(f"{compared.root}", style="bold", markup=False)
    for role, side in zip(("old", "new"), compared.sides, strict=True):
        console.print(f"{role}: {side.path}", markup=False)
    console.print(f"{len(compared.pairs)} blanks, seed {compared.seed}", markup=False)
    if compared.partial:
        console.print(_partial(compared), style="bold red", markup=False)
    console.print()
    console.print(comparison_tables.render(compared, found))
