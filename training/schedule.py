"""A run's progress, its budget, and the learning rate that follows from both."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

WARM_UP = 0.02
FINAL_RATE = 0.02


@dataclass
class Progress:
    """The steps and the time of a run, over all its resumptions."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    share: float = 0.0
    """Of the budget, as the last step left it."""


@dataclass(frozen=True)
class Budget:
    """The limit of a run; exactly one of the two is given."""

    minutes: float | None
    steps: int | None

    def share(self, progress: Progress) -> float:
        """The share that is used up, 1 when the run is over."""
        if self.steps is not None:
            return min(1.0, progress.step / self.steps)
        return min(1.0, progress.seconds / (60 * (self.minutes or 1.0)))


def rate(share: float, *, decay_from: float, warm_up: float = WARM_UP) -> float:
    """The learning rate's factor: warm up, hold, anneal linearly."""
    if share < warm_up:
        return (share + 0.001) / warm_up
    if share < decay_from:
        return 1.0
    left = (1 - share) / (1 - decay_from)
    return FINAL_RATE + (1 - FINAL_RATE) * left


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of a run's budget."""
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float)
    budget.add_argument("--steps", type=int)
    parser.add_argument("--until", type=float, default=1.0, help="stop at this share of it")


def of(args: argparse.Namespace) -> Budget:
    return Budget(args.minutes, args.steps)
