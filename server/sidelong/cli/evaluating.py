"""Completing blanks of a workspace for a command: options, files, progress, and Ctrl-C.

What the trials come to, and how it is shown, is left to the commands.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from sidelong.cli.bars import Counter, Patience
from sidelong.cli.completing import loaded
from sidelong.cli.config import Config
from sidelong.cli.parser import add_model_options, positive
from sidelong.cli.source import code_files
from sidelong.cli.workspace import indexed
from sidelong.engine import Answer, Cancel, Completer, Correction, Request
from sidelong.errors import SidelongError
from sidelong.evaluation.blanks import MAX_BODY_LINES, Kind
from sidelong.evaluation.engine import ColdEngine
from sidelong.evaluation.run import MODES, Case, Complete, Mode, Trial, trials
from sidelong.evaluation.sampling import KINDS, sample
from sidelong.learnt import load_correction
from sidelong.settings import Settings
from sidelong_index import Exclusion, Snapshot


class _OfCase(Protocol):
    @property
    def case(self) -> Case: ...


T = TypeVar("T", bound=_OfCase)
R = TypeVar("R")


class EvaluationError(SidelongError):
    """There is nothing to evaluate on."""


@dataclass(frozen=True)
class Evaluated:
    """What was completed, and how it was asked for."""

    root: Path
    """The workspace, or the file of tasks."""
    model: str
    threshold: float
    """The one in use: the user's, else the model's own."""
    seed: int
    wanted: int
    """Blanks sampled; more than there are trials if it was interrupted."""
    trials: tuple[Trial, ...]

    @property
    def partial(self) -> bool:
        """Whether it was interrupted."""
        return len(self.trials) < self.wanted


def add_sampling_options(parser: ArgumentParser, *, n: int) -> None:
    """Which workspace, and which blanks of it; and the model's options."""
    add_blank_options(parser, n=n)
    add_model_options(parser)


def add_blank_options(parser: ArgumentParser, *, n: int) -> None:
    """Which workspace, and which blanks of it."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR")
    parser.add_argument(
        "-n", "--blanks", type=positive, default=n, metavar="N", help=f"how many (default {n})"
    )
    parser.add_argument(
        "--kinds",
        type=_kinds,
        default=KINDS,
        metavar="K,K",
        help=f"of {', '.join(KINDS)} (default: all of them)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="other blanks (default 0)")


def workspace_cases(args: Namespace, config: Config) -> list[Case]:
    """The blanks that the arguments ask for; raises `EvaluationError` if there is none."""
    root = args.folder.resolve()
    with Patience("Reading code", unit="files") as bar:
        files = code_files(root, config.settings, on_file=bar.advance)
        cases = sample(files, n=args.blanks, seed=args.seed, kinds=args.kinds)
    if not cases:
        raise EvaluationError(
            f"{root}: no code to take blanks from in the {len(files)} source files that are "
            "tracked by git (or that lie there, without git). Give the folder of a project, or "
            "other --kinds."
        )
    return cases


def evaluate_workspace(
    args: Namespace, config: Config, *, modes: Sequence[Mode] = MODES
) -> Evaluated:
    """Complete blanks of the folder; Ctrl-C ends it early, with what there is until then.

    Raises `EvaluationError` if the folder holds no code.
    """
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    with indexed(root, exclude=config.settings.exclude) as index:

        def found(complete: Complete, settings: Settings) -> Iterator[Trial]:
            return trials(
                cases, snapshot=index.snapshot, complete=complete, modes=modes, settings=settings
            )

        return complete_all(args, config, root=root, wanted=len(cases), found=found)


def complete_all(
    args: Namespace,
    config: Config,
    *,
    root: Path,
    wanted: int,
    found: Callable[[Asking, Settings], Iterable[Trial]],
) -> Evaluated:
    """Load the model and collect the `wanted` trials that `found` makes of it."""
    own = config.settings.threshold
    with loaded(config.user) as completer, asking(completer, load_correction(root)) as complete:
        return Evaluated(
            root=root,
            model=completer.model.name,
            threshold=completer.threshold if own is None else own,
            seed=args.seed,
            wanted=wanted,
            trials=tuple(collect(found(complete, comparable(config.settings)), total=wanted)),
        )


def collect(found: Iterable[T], *, total: int) -> list[T]:
    """What is found, with progress on stderr; those until then when interrupted.

    An interruption before the first leaves nothing to report and goes on.
    """
    done: list[T] = []
    with Counter("Completing", unit="blanks", total=total) as bar:
        try:
            for one in found:
                done.append(one)
                bar.advance(PurePosixPath(one.case.file.path).name)
        except KeyboardInterrupt:
            if not done:
                raise
    return done


def comparable(settings: Settings) -> Settings:
    """The user's, but no completion is withheld or kept short: it could not be compared."""
    return replace(settings, min_probability=0.0, max_lines=max(settings.max_lines, MAX_BODY_LINES))


@contextmanager
def asking(completer: Completer, correction: Correction | None) -> Iterator[Asking]:
    """The completer as an engine, on a thread of its own."""
    with ThreadPoolExecutor(1, thread_name_prefix="sidelong-model") as pool:
        yield Asking(completer, pool, correction)


class Asking:
    """A cold engine on a thread of its own, so that Ctrl-C stops the model in its decoder."""

    def __init__(
        self, completer: Completer, pool: ThreadPoolExecutor, correction: Correction | None
    ) -> None:
        self._engine = ColdEngine(completer, Cancel(), correction)
        self._pool = pool

    def __call__(
        self, request: Request, *, snapshot: Snapshot | None, exclude: Exclusion
    ) -> Answer:
        return self.run(lambda engine: engine(request, snapshot=snapshot, exclude=exclude))

    def run(self, call: Callable[[ColdEngine], R]) -> R:
        """Anything else that is asked of the engine, on its thread."""
        future = self._pool.submit(call, self._engine)
        try:
            # In slices: a wait without end cannot be interrupted on Windows.
            while not wait([future], timeout=0.1).done:
                pass
        except KeyboardInterrupt:
            self._engine.cancel.set()
            raise
        return future.result()


def _kinds(text: str) -> tuple[Kind, ...]:
    named = {kind: kind for kind in KINDS}
    wanted = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    unknown = [word for word in wanted if word not in named]
    if unknown:
        raise ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)
