"""The blanks that a calibration completes, and the deciding model's state at each of them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sidelong.cli.asking import Asking
from sidelong.cli.blanks import workspace_cases
from sidelong.cli.config import Config
from sidelong.cli.evaluating import Evaluated, complete_all
from sidelong.cli.workspace import indexed
from sidelong.engine import Hidden
from sidelong.evaluation.engine import ColdEngine
from sidelong.evaluation.run import Mode, Trial, question, trials
from sidelong.settings import Settings

MODES: tuple[Mode, ...] = ("never", "always")


@dataclass(frozen=True)
class Considered:
    """The deciding model's view of one blank, and the models it was completed with."""

    probability: float
    hidden: Hidden
    models: str


@dataclass(frozen=True)
class Studied:
    """The completed blanks, and the deciding model's view of each."""

    evaluated: Evaluated
    asked: list[float] | None
    """P(<cc>) [N]; None if no model decides."""
    hidden: Hidden
    """[N, D]"""
    models: str


def study(args: Namespace, config: Config) -> Studied:
    """Complete blanks of the folder; Ctrl-C ends it early with the trials made by then.

    Raises `EvaluationError` if the folder holds no code.
    """
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    views: list[Considered | None] = []
    with indexed(root, exclude=config.settings.exclude) as index:

        def tried(engine: Asking, settings: Settings) -> Iterator[Trial]:
            completed = trials(
                cases, snapshot=index.snapshot, complete=engine, modes=MODES, settings=settings
            )
            for trial in completed:
                views.append(_consider(engine, trial, settings))
                yield trial

        evaluated = complete_all(args, config, root=root, wanted=len(cases), tried=tried)
    considered = [view for view in views[: len(evaluated.trials)] if view is not None]
    if len(considered) < len(evaluated.trials):
        return Studied(evaluated, None, np.empty((0, 0), dtype=np.float32), "")
    return Studied(
        evaluated,
        [view.probability for view in considered],
        np.stack([view.hidden for view in considered]),
        considered[0].models,
    )


def _consider(engine: Asking, trial: Trial, settings: Settings) -> Considered | None:
    """Ask right after the completions, while the KV cache holds nearly all of the prompt."""
    request = question(trial.case, settings)

    def consider(cold: ColdEngine) -> Considered | None:
        seen = cold.completer.consider(request, cold.cancel)
        if seen is None:
            return None
        signal, state = seen
        return Considered(signal.probability, state, cold.completer.fingerprint)

    return engine.run(consider)
