"""Two models on the same blanks: loading, turns, memory, and Ctrl-C."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sidelong import paths
from sidelong.cli.asking import Asking
from sidelong.cli.blanks import workspace_cases
from sidelong.cli.checks.machine import BESIDES_WEIGHTS_BYTES, available_bytes, resident_bytes
from sidelong.cli.compare.findings import SERVED, PlugIn, plug_in
from sidelong.cli.completing import loaded
from sidelong.cli.config import Config
from sidelong.cli.evaluating import collect, comparable
from sidelong.cli.workspace import indexed
from sidelong.engine import Completer, Correction
from sidelong.evaluation.cases import Case
from sidelong.evaluation.run import Complete, Completion, Mode, Trial, trials
from sidelong.learnt import load_correction
from sidelong.settings import Settings
from sidelong_index import Snapshot

COMPARED: tuple[Mode, ...] = ("never", "always", SERVED)


@dataclass(frozen=True)
class Side:
    """One of the two models, and its cost in memory and time."""

    path: Path
    policy: str | None
    """The model that decides in its place, if another does."""
    file_bytes: int
    resident_bytes: int
    """The growth of this process in main memory until the first completion, policy included."""
    load_ms: float


@dataclass(frozen=True)
class Tried:
    """One blank with one model."""

    trial: Trial
    own: Completion | None
    """As the model decides itself, where a policy decided in the trial."""

    @property
    def case(self) -> Case:
        """The blank and its file."""
        return self.trial.case


@dataclass(frozen=True)
class Pair:
    """One blank with both."""

    old: Tried
    new: Tried

    @property
    def case(self) -> Case:
        """The blank and its file."""
        return self.old.case


@dataclass(frozen=True)
class Compared:
    """The blanks that both models have completed, and the choices they were completed with."""

    root: Path
    seed: int
    wanted: int
    """Blanks sampled; there are fewer pairs if the comparison was interrupted."""
    sides: tuple[Side, Side]
    """The old model and the new one."""
    pairs: tuple[Pair, ...]

    @property
    def partial(self) -> bool:
        """True if the comparison was interrupted."""
        return len(self.pairs) < self.wanted

    @cached_property
    def old(self) -> list[Trial]:
        """The old model's trials."""
        return [pair.old.trial for pair in self.pairs]

    @cached_property
    def new(self) -> list[Trial]:
        """The new model's trials."""
        return [pair.new.trial for pair in self.pairs]

    def plug_ins(self) -> tuple[tuple[PlugIn, ...], tuple[PlugIn, ...]]:
        """The worth of the policy to the old model and to the new one; empty without a policy."""
        old, new = self.sides
        return (
            _plug_in(old, [pair.old for pair in self.pairs]),
            _plug_in(new, [pair.new for pair in self.pairs]),
        )


def _plug_in(side: Side, tried: Sequence[Tried]) -> tuple[PlugIn, ...]:
    if side.policy is None:
        return ()
    own = [one.own for one in tried if one.own is not None]
    return plug_in([one.trial for one in tried], own or None)


def compare_models(args: Namespace, config: Config) -> Compared:
    """Complete blanks of the folder with `args.old` and `args.new`.

    They take turns where memory holds both, so that Ctrl-C leaves whole pairs and a machine that
    slows down slows both. Otherwise the second begins when the first is done.
    An interruption before the first pair leaves nothing to report and is raised again.
    """
    root, cases = args.folder.resolve(), workspace_cases(args, config)
    with indexed(root, exclude=config.settings.exclude) as index:
        contest = _Contest(cases, index.snapshot, config, load_correction(root))
        ask = contest.in_turn if fits(args.old, args.new) else contest.one_after_the_other
        # A small model stays loaded all the time: the first in a process takes llama.cpp's own
        # memory too, and that should not count against the old one.
        with contest.contender(paths.nano_model()):
            sides, pairs = ask(args.old, args.new)
    if not pairs:
        raise KeyboardInterrupt
    return Compared(root, args.seed, len(cases), sides, tuple(pairs))


def fits(old: Path, new: Path) -> bool:
    """True if free memory holds both models at once."""
    needed = sum(path.stat().st_size + BESIDES_WEIGHTS_BYTES for path in (old, new))
    return needed <= available_bytes()


@dataclass(frozen=True)
class _Contest:
    """The same blanks and chunks for every model."""

    cases: Sequence[Case]
    snapshot: Snapshot
    config: Config
    correction: Correction | None
    """Of the folder; it holds only for the models it was fitted with."""

    def in_turn(self, old: Path, new: Path) -> tuple[tuple[Side, Side], list[Pair]]:
        with self.contender(old) as first, self.contender(new) as second:
            pairs = map(Pair, self._tries(first), self._tries(second))
            return (first.side, second.side), collect(pairs, total=len(self.cases))

    def one_after_the_other(self, old: Path, new: Path) -> tuple[tuple[Side, Side], list[Pair]]:
        with self.contender(new):
            pass  # a model that cannot be loaded should be known before the wait
        with self.contender(old) as first:
            before = collect(self._tries(first), total=len(self.cases))
        if len(before) < len(self.cases):
            raise KeyboardInterrupt
        with self.contender(new) as second:
            after = collect(self._tries(second), total=len(self.cases))
        return (first.side, second.side), list(map(Pair, before, after))

    @contextmanager
    def contender(self, path: Path) -> Iterator[_Contender]:
        """The model, loaded and warm."""
        grown_from, started = resident_bytes(), time.perf_counter()
        with ExitStack() as stack:
            completer = stack.enter_context(loaded(replace(self.config.user, model=path)))
            load_ms = (time.perf_counter() - started) * 1000
            alone = None
            if completer.policy is not None and completer.model.special.decides:
                alone = Completer(completer.model)
                stack.callback(alone.close)
            # Last, so that it ends first: nothing may ask a model that is being closed.
            pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="sidelong-model"))
            served = Asking(completer, pool, self.correction)
            for _ in self._trials(self.cases[:1], served):
                pass
            side = Side(
                path=path,
                policy=None if completer.policy is None else completer.policy.name,
                file_bytes=path.stat().st_size,
                resident_bytes=max(0, resident_bytes() - grown_from),
                load_ms=load_ms,
            )
            own = None if alone is None else Asking(alone, pool, self.correction)
            yield _Contender(side, served, own)

    def _tries(self, contender: _Contender) -> Iterator[Tried]:
        own = contender.own
        for turn, case in enumerate(self.cases):
            (trial,) = self._trials([case], contender.served, turn=turn)
            if own is None:
                yield Tried(trial, None)
                continue
            (alone,) = self._trials([case], own, modes=(SERVED,))
            yield Tried(trial, alone.completions[SERVED])

    def _trials(
        self,
        cases: Sequence[Case],
        complete: Complete,
        *,
        modes: Sequence[Mode] = COMPARED,
        turn: int = 0,
    ) -> Iterator[Trial]:
        return trials(
            cases,
            snapshot=self.snapshot,
            complete=complete,
            modes=modes,
            settings=self._settings,
            turn=turn,
        )

    @property
    def _settings(self) -> Settings:
        return comparable(self.config.settings)


@dataclass(frozen=True)
class _Contender:
    """A loaded model, and the engines that ask it."""

    side: Side
    served: Asking
    own: Asking | None
    """Without the policy, where there is one and the model can decide itself."""
