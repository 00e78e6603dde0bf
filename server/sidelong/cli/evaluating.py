"""Completing blanks for a command, with progress and Ctrl-C.

Counting and showing the results is left to the commands.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from sidelong.cli.asking import Asking, asking
from sidelong.cli.bars import Counter
from sidelong.cli.blanks import workspace_cases
from sidelong.cli.completing import loaded
from sidelong.cli.config import Config, load_config
from sidelong.cli.parser import positive, probability
from sidelong.cli.terminal import warn
from sidelong.cli.workspace import indexed
from sidelong.evaluation.blanks import MAX_BODY_LINES
from sidelong.evaluation.cases import Case
from sidelong.evaluation.run import Complete, Trial, trials
from sidelong.learnt import load_correction
from sidelong.settings import Settings


class _OfCase(Protocol):
    @property
    def case(self) -> Case: ...


T = TypeVar("T", bound=_OfCase)


@dataclass(frozen=True)
class Evaluated:
    """The trials of one run, and the choices it was made with."""

    root: Path
    """The workspace, or the file of tasks."""
    model: str
    threshold: float
    """The one in use: the user's, else the model's own."""
    seed: int
    wanted: int
    """Blanks sampled; there are fewer trials if the run was interrupted."""
    trials: tuple[Trial, ...]

    @property
    def partial(self) -> bool:
        """True if the run was interrupted."""
        return len(self.trials) < self.wanted

    @property
    def progress(self) -> str:
        """The blanks done of those wanted, in words."""
        return f"{len(self.trials)} of {self.wanted} blanks"


def add_deciding_options(parser: ArgumentParser) -> None:
    """The options that win over the settings on how much is retrieved; see `configured`."""
    parser.add_argument(
        "--threshold", type=probability, metavar="X", help="instead of the one in use, 0 to 1"
    )
    parser.add_argument(
        "--context",
        type=positive,
        metavar="N",
        help="read so many tokens of retrieved code, instead of as many as the model asks for",
    )


def configured(args: Namespace) -> Config:
    """The settings of the folder with the command line on top; problems go to stderr."""
    config = load_config(
        args.folder.resolve(), model=args.model, policy=args.policy, threads=args.threads
    )
    warn(*config.problems)
    settings = config.settings
    if args.threshold is not None:
        settings = replace(settings, threshold=args.threshold)
    if args.context is not None:
        settings = replace(settings, context_tokens=args.context)
    return replace(config, settings=settings)


def evaluate_workspace(args: Namespace, config: Config) -> Evaluated:
    """Complete blanks of the folder; Ctrl-C ends it early with the trials made by then.

    Raises `EvaluationError` if the folder holds no code.
    """
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    with indexed(root, exclude=config.settings.exclude) as index:

        def tried(complete: Complete, settings: Settings) -> Iterator[Trial]:
            return trials(cases, snapshot=index.snapshot, complete=complete, settings=settings)

        return complete_all(args, config, root=root, wanted=len(cases), tried=tried)


def complete_all(
    args: Namespace,
    config: Config,
    *,
    root: Path,
    wanted: int,
    tried: Callable[[Asking, Settings], Iterable[Trial]],
) -> Evaluated:
    """Load the model and collect the `wanted` trials that `tried` makes with it."""
    own = config.settings.threshold
    with loaded(config.user) as completer, asking(completer, load_correction(root)) as complete:
        return Evaluated(
            root=root,
            model=completer.model.name,
            threshold=completer.threshold if own is None else own,
            seed=args.seed,
            wanted=wanted,
            trials=tuple(collect(tried(complete, comparable(config.settings)), total=wanted)),
        )


def collect(results: Iterable[T], *, total: int) -> list[T]:
    """The results as a list, with progress on stderr; Ctrl-C leaves those that are there.

    An interruption before the first leaves nothing to report and is raised again.
    """
    done: list[T] = []
    with Counter("Completing", unit="blanks", total=total) as bar:
        try:
            for result in results:
                done.append(result)
                bar.advance(PurePosixPath(result.case.file.path).name)
        except KeyboardInterrupt:
            if not done:
                raise
    return done


def comparable(settings: Settings) -> Settings:
    """The user's settings, but no text is withheld or kept short: it could not be compared."""
    return replace(settings, min_probability=0.0, max_lines=max(settings.max_lines, MAX_BODY_LINES))
