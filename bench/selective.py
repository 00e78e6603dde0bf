"""The cost and the worth of deciding: selective retrieval over always retrieving.

Blanks of the packages of `held_out` are completed never, always and selectively retrieving, each
from empty KV caches with the package indexed, as at a cursor that has just moved. The wall time is
the whole answer's: decision, search, the plain or the retrieved prompt, and the text.

    python -m bench.selective [GGUF] [-n 40] [--policy GGUF]

With a policy, that model decides and the other writes.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.held_out import PACKAGES
from bench.program import Program, Result, program
from bench.sources import package

from sidelong.engine import Cancel, Completer, load_model
from sidelong.evaluation.engine import ColdEngine
from sidelong.evaluation.metrics import bootstrap_interval
from sidelong.evaluation.run import Completion, Mode, Trial, trials

MODES: tuple[Mode, ...] = ("never", "always", "threshold")


def completed(engine: ColdEngine, n: int) -> Iterator[Trial]:
    """`n` blanks of each package in every mode, each begun with another mode."""
    for name in PACKAGES:
        source = package(name)
        cases, snapshot = source.cases(n), source.snapshot()
        yield from trials(cases, snapshot=snapshot, complete=engine, modes=MODES)


VALUES: dict[str, Callable[[Completion], float]] = {
    "wall": lambda c: c.total_ms,
    "tokens": lambda c: c.tokens.evaluated + c.tokens.policy,
    "es": lambda c: 100 * c.edit_similarity,
    "exact": lambda c: 100.0 * c.exact,
}
"""Milliseconds and tokens are compared as a ratio, the scores as a difference in points."""


def results(done: Sequence[Trial]) -> Iterator[Result]:
    """Selective over always retrieving, and minus it, with the means of all modes."""
    retrieved = statistics.fmean(trial.completions["threshold"].gate.retrieved for trial in done)
    for name, value in VALUES.items():
        values = {mode: [value(trial.completions[mode]) for trial in done] for mode in MODES}
        counts = {"blanks": len(done), "retrieved": retrieved}
        counts |= {mode: statistics.fmean(each) for mode, each in values.items()}
        if name in ("wall", "tokens"):
            ratio = counts["threshold"] / counts["always"]
            yield Result(f"selective_over_always_{name}", ratio, "x", "always retrieving", counts)
            continue
        pairs = zip(values["threshold"], values["always"], strict=True)
        difference = bootstrap_interval([ours - theirs for ours, theirs in pairs])
        counts |= {"low": difference.low, "high": difference.high}
        yield Result(
            f"selective_minus_always_{name}",
            difference.mean,
            "points",
            "always retrieving",
            counts,
        )


def measure(run: Program) -> Iterator[Result]:
    policy = run.options.policy
    completer = Completer(
        load_model(run.model), None if policy is None else load_model(Path(policy))
    )
    done = []
    for trial in completed(ColdEngine(completer, Cancel()), run.times(40, 2)):
        done.append(trial)
        told = (f"{mode} {c.total_ms:.0f} ms" for mode, c in trial.completions.items())
        print(f"{len(done)}: {', '.join(told)}", file=sys.stderr, flush=True)
    completer.close()
    yield from results(done)


def main(arguments: Sequence[str] | None = None) -> None:
    policy = ("--policy", "the model that decides, by default the one that writes")
    run = program("bench.selective", __doc__, arguments, policy)
    run.leave(*measure(run))


if __name__ == "__main__":
    main()
