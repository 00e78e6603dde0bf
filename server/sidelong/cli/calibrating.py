"""What `sidelong calibrate` completes and looks at: blanks, and the model's state at each of them.

What is made of it is `evaluation.calibration`'s, what is kept the command's.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sidelong.cli.config import Config
from sidelong.cli.evaluating import Asking, Evaluated, complete_all, workspace_cases
from sidelong.cli.workspace import indexed
from sidelong.engine import Hidden
from sidelong.evaluation.engine import ColdEngine
from sidelong.evaluation.run import Mode, Trial, question, trials
from sidelong.settings import Settings

MODES: tuple[Mode, ...] = ("never", "always")


@dataclass(frozen=True)
class Considered:
    """What the deciding model knew at one blank, and with which models it was completed."""

    probability: float
    hidden: Hidden
    models: str


@dataclass(frozen=True)
class Studied:
    """The blanks as completed, and what was known at each; None if no model decides."""

    evaluated: Evaluated
    asked: list[float] | None
    hidden: Hidden
    """[N, D]"""
    models: str


def study(args: Namespace, config: Config) -> Studied:
    """Complete blanks of the folder; Ctrl-C ends it early, with what there is until then.

    Raises `EvaluationError` if the folder holds no code.
    """
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    known: list[Considered | None] = []
    with indexed(root, exclude=config.settings.exclude) as index:

        def found(engine: Asking, settings: Settings) -> Iterator[Trial]:
            done = trials(
                cases, snapshot=index.snapshot, complete=engine, modes=MODES, settings=settings
            )
            for trial in done:
                known.append(_consider(engine, trial, settings))
                yield trial

        evaluated = complete_all(args, config, root=root, wanted=len(cases), found=found)
    told = [one for one in known[: len(evaluated.trials)] if one is not None]
    if len(told) < len(evaluated.trials):
        return Studied(evaluated, None, np.empty((0, 0), dtype=np.float32), "")
    return Studied(
        evaluated,
        [one.probability for one in told],
        np.stack([one.hidden for one in told]),
        told[0].models,
    )


def _consider(engine: Asking, trial: Trial, settings: Settings) -> Considered | None:
    """Right after the completions, while the model has read nearly all of it."""
    request = question(trial.case, settings)

    def look(cold: ColdEngine) -> Considered | None:
        found = cold.completer.consider(request, cold.cancel)
        return None if found is None else Considered(*found, cold.completer.fingerprint)

    return engine.run(look)
