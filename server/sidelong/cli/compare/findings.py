"""The changes from an old model to a new one on the same blanks; pure.

A flip is a blank that one model completes exactly right and the other does not (Yan et al.,
*Positive-Congruent Training*, CVPR 2021).
Shares and scores are 0..1; differences are new minus old.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sidelong.evaluation import decision
from sidelong.evaluation.metrics import Interval, bootstrap_interval
from sidelong.evaluation.run import Completion, Mode, Trial
from sidelong.evaluation.summary import (
    ALL_KINDS,
    Point,
    candidates,
    completions,
    helped,
    probabilities,
    sweep,
)

SERVED: Mode = "threshold"
"""The mode in which models are served, and so the one whose flips are counted."""


@dataclass(frozen=True)
class Change:
    """The mean of a measure with both models, and of its difference blank by blank."""

    old: float
    new: float
    difference: Interval


@dataclass(frozen=True)
class ModeChange:
    """Both models in one mode, on the blanks of one kind or on all of them."""

    mode: Mode
    kind: str
    n: int
    exact: Change
    edit_similarity: Change
    ms: Change
    old_ms_median: float
    new_ms_median: float
    evaluated: Change
    """Tokens that went through the generator."""


@dataclass(frozen=True)
class Flips:
    """The number of blanks that only one of the models gets right, of one kind or of all."""

    kind: str
    n: int
    negative: int
    """Old right, new wrong."""
    negative_rate: Interval
    """Of all blanks."""
    negative_of_right: float
    """Of those that the old had right (NaN if none)."""
    positive: int
    """Old wrong, new right."""
    positive_rate: Interval
    positive_of_wrong: float
    """Of those that the old had wrong (NaN if none)."""


@dataclass(frozen=True)
class Deciding:
    """The worth of P(<cc>) as a forecast that retrieval helps, and its effect in use."""

    auc: float
    in_use: Point


@dataclass(frozen=True)
class Thresholds:
    """The old threshold with the new model, and the one that keeps the old rate of retrieval."""

    at_old: Point
    """The new model at the threshold that is in use with the old one."""
    keeping: Point
    """The new model at the threshold that keeps the old rate of retrieval, as near as it goes."""
    agreement: float
    """The share of the blanks where both, each at its threshold in use, decide alike."""


@dataclass(frozen=True)
class Comparison:
    """All figures of two models."""

    rows: tuple[ModeChange, ...]
    """Every mode on all blanks, then the served mode on each kind."""
    flips: tuple[Flips, ...]
    """On all blanks, then on each kind."""
    old: Deciding | None
    """None for a model that cannot decide and has no policy."""
    new: Deciding | None
    thresholds: Thresholds | None
    """None unless there is a decision for both."""


def compare(old: Sequence[Trial], new: Sequence[Trial]) -> Comparison:
    """Compare trials of the same blanks in the same order; both in never, always and threshold.

    Raises `ValueError` if they are of other blanks, or none.
    """
    if not old or [t.case for t in old] != [t.case for t in new]:
        raise ValueError("the trials to compare are of different blanks, or there are none")
    kinds = list(dict.fromkeys(trial.case.blank.kind for trial in old))
    deciding = _deciding(old), _deciding(new)
    return Comparison(
        rows=(
            *(_mode_change(mode, ALL_KINDS, old, new) for mode in old[0].completions),
            *(_mode_change(SERVED, kind, *_of_kind(kind, old, new)) for kind in kinds),
        ),
        flips=(
            _flips(ALL_KINDS, old, new),
            *(_flips(kind, *_of_kind(kind, old, new)) for kind in kinds),
        ),
        old=deciding[0],
        new=deciding[1],
        thresholds=None if None in deciding else _thresholds(old, new),
    )


def negative_flips(old: Sequence[Trial], new: Sequence[Trial]) -> list[tuple[Trial, Trial]]:
    """The blanks that only the old model gets right, where the new one is furthest off first."""
    flipped = [
        (before, after)
        for before, after in zip(old, new, strict=True)
        if before.completions[SERVED].exact and not after.completions[SERVED].exact
    ]
    return sorted(flipped, key=lambda pair: pair[1].completions[SERVED].edit_similarity)


@dataclass(frozen=True)
class PlugIn:
    """One generator with one way to decide for it."""

    decided: str
    """`never`, `always`, by the `policy`, or by its `own` token."""
    retrieved: float
    exact: Interval
    edit_similarity: Interval
    over_never: Interval
    """Edit similarity above never retrieving, blank by blank."""
    over_always: Interval
    ms: Interval


def plug_in(trials: Sequence[Trial], own: Sequence[Completion] | None) -> tuple[PlugIn, ...]:
    """The worth of a policy to the generator that it decided for in `trials`.

    `own` are the same blanks where the generator decided by itself, if it can.
    """
    ways = {
        "never": completions(trials, "never"),
        "always": completions(trials, "always"),
        "policy": completions(trials, SERVED),
        **({} if own is None else {"own": list(own)}),
    }
    return tuple(_plug_in(decided, made, trials) for decided, made in ways.items())


def _of_kind(
    kind: str, old: Sequence[Trial], new: Sequence[Trial]
) -> tuple[list[Trial], list[Trial]]:
    return (
        [t for t in old if t.case.blank.kind == kind],
        [t for t in new if t.case.blank.kind == kind],
    )


def _mode_change(mode: Mode, kind: str, old: Sequence[Trial], new: Sequence[Trial]) -> ModeChange:
    before, after = completions(old, mode), completions(new, mode)

    def change(measure: Callable[[Completion], float]) -> Change:
        was, is_now = [measure(o) for o in before], [measure(o) for o in after]
        return Change(float(np.mean(was)), float(np.mean(is_now)), _difference(was, is_now))

    return ModeChange(
        mode=mode,
        kind=kind,
        n=len(before),
        exact=change(lambda o: o.exact),
        edit_similarity=change(lambda o: o.edit_similarity),
        ms=change(lambda o: o.total_ms),
        old_ms_median=float(np.median([o.total_ms for o in before])),
        new_ms_median=float(np.median([o.total_ms for o in after])),
        evaluated=change(lambda o: o.tokens.evaluated),
    )


def _difference(old: Sequence[float], new: Sequence[float]) -> Interval:
    return bootstrap_interval([float(b) - float(a) for a, b in zip(old, new, strict=True)])


def _flips(kind: str, old: Sequence[Trial], new: Sequence[Trial]) -> Flips:
    was = np.array([o.exact for o in completions(old, SERVED)], dtype=bool)
    is_now = np.array([o.exact for o in completions(new, SERVED)], dtype=bool)
    negative, positive = was & ~is_now, ~was & is_now
    return Flips(
        kind=kind,
        n=len(was),
        negative=int(negative.sum()),
        negative_rate=bootstrap_interval(negative.tolist()),
        negative_of_right=float(negative.sum() / was.sum()) if was.any() else float("nan"),
        positive=int(positive.sum()),
        positive_rate=bootstrap_interval(positive.tolist()),
        positive_of_wrong=float(positive.sum() / (~was).sum()) if not was.all() else float("nan"),
    )


def _deciding(trials: Sequence[Trial]) -> Deciding | None:
    known = probabilities(trials)
    if known is None:
        return None
    (in_use,) = sweep(trials, [_threshold(trials)])
    return Deciding(auc=decision.auc(known, helped(trials)), in_use=in_use)


def _threshold(trials: Sequence[Trial]) -> float:
    return trials[0].completions[SERVED].gate.threshold


def _thresholds(old: Sequence[Trial], new: Sequence[Trial]) -> Thresholds:
    before, after = np.array(probabilities(old)), np.array(probabilities(new))
    wanted = before >= _threshold(old)
    at_old, *points = sweep(new, [_threshold(old), *candidates(after.tolist())])
    return Thresholds(
        at_old=at_old,
        # Of equals the old one, which comes first.
        keeping=min((at_old, *points), key=lambda point: abs(point.retrieved - wanted.mean())),
        agreement=float((wanted == (after >= _threshold(new))).mean()),
    )


def _plug_in(decided: str, made: Sequence[Completion], trials: Sequence[Trial]) -> PlugIn:
    scores = [o.edit_similarity for o in made]

    def over(mode: Mode) -> Interval:
        return _difference([o.edit_similarity for o in completions(trials, mode)], scores)

    return PlugIn(
        decided=decided,
        retrieved=float(np.mean([o.gate.retrieved for o in made])),
        exact=bootstrap_interval([o.exact for o in made]),
        edit_similarity=bootstrap_interval(scores),
        over_never=over("never"),
        over_always=over("always"),
        ms=bootstrap_interval([o.total_ms for o in made]),
    )
