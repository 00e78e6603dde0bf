"""The long checks, with a summary for people: what was done, how often, what failed, how long.

    python -m tests.nightly [--seed N] [PART[=COUNT]...]

Every run has another seed unless one is given; the summary names it. A failure says how to see it
again, and the folders of its part stay. The exit status is 1 if there was one, and 130 if Ctrl-C
ended the run; the summary then tells of what was done until then.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.nightly import damage, edits, fuzz, kills
from tests.nightly.part import Outcome, Part, run

PARTS: dict[str, tuple[str, Part, int]] = {
    "messages": ("fuzzed messages to the server", fuzz.part, 100_000),
    "edits": ("changes, index against rebuild", edits.part, 50_000),
    "models": ("damaged models", damage.part, 1_000),
    "kills": ("kills of a server under load", kills.part, 1_000),
}
_SHOWN = 5


def main(arguments: list[str] | None = None) -> int:
    """Run the parts; the exit status."""
    parser = argparse.ArgumentParser(prog="nightly", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--seed", type=int, default=int(time.time()), metavar="N")
    args = parser.parse_args(arguments)
    outcomes = []
    for asked in args.parts or PARTS:
        name, _, number = asked.partition("=")
        if name not in PARTS or not (number or "1").isdecimal():
            parser.error(f"there is no part {asked!r}")
        what, part, usual = PARTS[name]
        count = int(number or usual)
        print(f"{name}: {count:,} {what}…", file=sys.stderr, flush=True)
        folder = Path(tempfile.mkdtemp(prefix=f"nightly-{name}-"))
        os.environ["SIDELONG_CACHE_DIR"] = str(folder / "cache")  # not the user's
        outcomes.append(run(what, part, count=count, seed=args.seed, folder=folder))
        if outcomes[-1].failures:
            print(f"{name}: failed; its files stay in {folder}", file=sys.stderr)
        else:
            # Where it was stopped, a server may still be ending.
            shutil.rmtree(folder, ignore_errors=outcomes[-1].stopped)
        if outcomes[-1].stopped:
            break
    _print(outcomes, args.seed)
    if any(outcome.failures for outcome in outcomes):
        return 1
    return 130 if outcomes[-1].stopped else 0


def _print(outcomes: list[Outcome], seed: int) -> None:
    table = Table("what", title=f"seed {seed}", title_justify="left")
    for heading in ("how many", "failures", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("of these")
    for outcome in outcomes:
        minutes, seconds = divmod(round(outcome.seconds), 60)
        notes = ", ".join(f"{n:,} {note}" for note, n in outcome.notes.items())
        notes += " (stopped before its end)" if outcome.stopped else ""
        failures = f"{len(outcome.failures):,}"
        table.add_row(outcome.what, f"{outcome.done:,}", failures, f"{minutes}:{seconds:02}", notes)
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    for outcome in outcomes:
        for failure in outcome.failures[:_SHOWN]:
            console.print(f"{outcome.what}: {failure}", markup=False, soft_wrap=True)
        if len(outcome.failures) > _SHOWN:
            console.print(f"{outcome.what}: and {len(outcome.failures) - _SHOWN:,} more")


if __name__ == "__main__":
    sys.exit(main())
