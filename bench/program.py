"""The frame of a measurement: its arguments, and the results that it leaves.

A result is a ratio of two sides that ran side by side, or a count: times alone say nothing on a
machine that others use.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sidelong.paths import default_model


@dataclass(frozen=True)
class Result:
    """A measured value, and the counts that it was made of."""

    name: str
    value: float
    unit: str
    relative_to: str
    """The other side of a ratio; for a count, the bound that it is to keep."""
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """One run of a program of `bench`."""

    name: str
    model: Path
    short: bool
    """True for few repetitions: the figures then only show that the program works."""
    n: int | None
    """The number of repetitions, if it was given."""
    results: Path | None
    """The JSON file that gathers the results of all programs."""
    options: argparse.Namespace
    more: str
    """The program's own options as they were given, files by their names."""

    def times(self, usual: int, short: int) -> int:
        """The number of repetitions."""
        return self.n or (short if self.short else usual)

    def leave(self, *results: Result) -> None:
        """Print the results, and put them in the file, over older ones of this model."""
        for result in results:
            counts = ", ".join(f"{name} {_figure(n)}" for name, n in result.counts.items())
            print(
                f"{result.name} = {_figure(result.value)} {result.unit} ({result.relative_to})"
                + (f": {counts}" if counts else "")
            )
        if self.results is None:
            return
        records = json.loads(self.results.read_text("utf-8")) if self.results.exists() else []
        records += [self._record(result) for result in results]
        newest = {(record["name"], record["model"]): record for record in records}
        text = json.dumps([newest[key] for key in sorted(newest)], indent=1)
        self.results.write_text(text + "\n", encoding="utf-8")

    def _record(self, result: Result) -> dict[str, object]:
        short = " --short" if self.short else ""
        n = f" -n {self.n}" if self.n else ""
        command = f"python -m {self.name} {self.model.name}{short}{n}{self.more}"
        return {
            **asdict(result),
            "value": round(result.value, 3),
            "counts": {name: round(n, 3) for name, n in result.counts.items()},
            "model": self.model.name,
            "command": command,
        }


def program(
    name: str,
    about: str | None,
    arguments: Sequence[str] | None,
    *more: tuple[str, str],
) -> Program:
    """Read the command line; `more` are options of this program's own, with their help."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, nargs="?", default=default_model(), metavar="GGUF")
    parser.add_argument("--short", action="store_true", help="few repetitions, to see it work")
    parser.add_argument("-n", type=int, help="the number of repetitions")
    parser.add_argument("--results", type=Path, metavar="FILE", help="gather the results here")
    for option, help_ in more:
        parser.add_argument(option, metavar=option.lstrip("-").upper(), help=help_)
    args = parser.parse_args(arguments)
    given = ((option, getattr(args, option.lstrip("-"))) for option, _ in more)
    own = "".join(f" {option} {Path(value).name}" for option, value in given if value is not None)
    return Program(name, args.model.resolve(), args.short, args.n, args.results, args, own)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of pairs, each of which ran one right after the other."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"
