"""The worth of a prompt's parts: edit similarity on held-out blanks within smaller budgets.

Each blank of the packages of `held_out` is completed with every budget, from an empty cache, with
the whole package indexed.

    python -m bench.windows [GGUF] [-n 32]
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence

from bench.held_out import PACKAGES
from bench.program import Program, Result, program
from bench.sources import package

from sidelong.engine import Cancel, Completer, load_model
from sidelong.evaluation.engine import ColdEngine
from sidelong.evaluation.metrics import bootstrap_interval
from sidelong.evaluation.run import Completion, question, scored
from sidelong.settings import Settings

WINDOWS = (
    (None, None, None),
    (384, 128, 448),
    (256, 96, 448),
)
"""Tokens before the cursor, after it, and of other files; None is the model's own number."""


def completions(engine: ColdEngine, n: int) -> Iterator[list[Completion]]:
    """Each blank completed within every window."""
    for name in PACKAGES:
        source = package(name)
        snapshot = source.snapshot()
        for case in source.cases(n):
            yield [
                scored(
                    case,
                    "threshold",
                    engine(
                        question(case, _settings(window)),
                        snapshot=snapshot,
                        exclude=case.exclusion,
                    ),
                )
                for window in WINDOWS
            ]


def _settings(window: tuple[int | None, int | None, int | None]) -> Settings:
    prefix, suffix, context = window
    return Settings(
        min_probability=0.0, prefix_tokens=prefix, suffix_tokens=suffix, context_tokens=context
    )


def results(run: Program) -> Iterator[Result]:
    completer = Completer(load_model(run.model))
    rows = []
    for row in completions(ColdEngine(completer, Cancel()), run.times(32, 1)):
        rows.append(row)
        print(*(f"{100 * each.edit_similarity:.0f}" for each in row), file=sys.stderr)
    completer.close()
    for i, window in enumerate(WINDOWS):
        scores = [100 * row[i].edit_similarity for row in rows]
        against = [100 * (row[i].edit_similarity - row[0].edit_similarity) for row in rows]
        difference = bootstrap_interval(against)
        name = "own" if window[0] is None else "_".join(map(str, window))
        yield Result(
            f"window_{name}_es",
            statistics.mean(scores),
            "edit similarity",
            "the model's own window",
            {
                "blanks": len(rows),
                "difference": difference.mean,
                "low": difference.low,
                "high": difference.high,
                "tokens_read": statistics.mean(row[i].tokens.evaluated for row in rows),
                "read_ms": statistics.mean(
                    row[i].ms.get("look", 0) + row[i].ms.get("prefill", 0) for row in rows
                ),
            },
        )


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.windows", __doc__, arguments)
    run.leave(*results(run))


if __name__ == "__main__":
    main()
