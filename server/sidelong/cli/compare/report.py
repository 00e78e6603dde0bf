"""The report of a comparison: tables for people, JSON for programs, and a page on request."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from rich.filesize import decimal

from sidelong import __version__
from sidelong.cli.compare import page, tables
from sidelong.cli.compare.contest import Compared, Side
from sidelong.cli.compare.findings import Comparison
from sidelong.cli.compare.record import comparison_record, pair_record
from sidelong.cli.interruption import partial_run
from sidelong.cli.reporting import write_report
from sidelong.cli.terminal import Terminal


def write(compared: Compared, comparison: Comparison, args: Namespace) -> None:
    """Print the comparison, and write the page."""
    if args.json:
        print(json.dumps(_record(compared, comparison)))
    else:
        _print(compared, comparison)
    if args.report is not None:
        write_report(args.report, _page(compared, comparison), quiet=args.json)


def _partial(compared: Compared) -> str:
    return partial_run(f"{len(compared.pairs)} of {compared.wanted} blanks")


def _record(compared: Compared, comparison: Comparison) -> dict[str, Any]:
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
        **comparison_record(comparison, old=old, new=new),
        "trials": [pair_record(pair.old.trial, pair.new.trial) for pair in compared.pairs],
    }


def _page(compared: Compared, comparison: Comparison) -> str:
    facts = {
        "workspace": str(compared.root),
        **{role: _side(side) for role, side in zip(("old", "new"), compared.sides, strict=True)},
        "blanks": str(len(compared.pairs)),
        "seed": str(compared.seed),
        "sidelong": __version__,
    }
    return page.render(
        comparison,
        compared.old,
        compared.new,
        plug_ins=dict(zip(("old", "new"), compared.plug_ins(), strict=True)),
        title=compared.root.name,
        facts=facts,
        partial=_partial(compared) if compared.partial else "",
    )


def _side(side: Side) -> str:
    decided = f", decided by {side.policy}" if side.policy else ""
    return (
        f"{side.path} ({decimal(side.file_bytes)}, "
        f"{decimal(side.resident_bytes)} in memory{decided})"
    )


def _print(compared: Compared, comparison: Comparison) -> None:
    console = Terminal()
    console.print(f"{compared.root}", style="bold", markup=False)
    for role, side in zip(("old", "new"), compared.sides, strict=True):
        console.print(f"{role}: {side.path}", markup=False)
    console.print(f"{len(compared.pairs)} blanks, seed {compared.seed}", markup=False)
    if compared.partial:
        console.print(_partial(compared), style="bold red", markup=False)
    console.print()
    console.print(tables.render(compared, comparison))
