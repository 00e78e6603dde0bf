"""Online serving: what a keystroke costs without retrieval, with it, and as the model decides.

Three settings stand side by side:

*from scratch* is the published one (Repoformer, ICML 2024): for each request three processes start
at the same time, the decision, completing without retrieved context, and retrieving and completing
with it; the decision says which of the two is waited for. Its latency is computed, as published,
from paths measured one by one with nothing in their caches: T_g, or T_r + T_g, or T_d if that is
longer.

*at once* really runs the three at the same time, each with a model and a KV cache of its own which
stays from one keystroke to the next; the path that is not wanted is stopped.

*one cache* is sidelong's: one model, one KV cache, in which the decision is a by-product.

Values and what they come to; running is `serving`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sidelong.evaluation.metrics import Interval
from sidelong.evaluation.run import Case

Way = Literal["never", "always", "selective"]
WAYS: Final[tuple[Way, ...]] = ("never", "always", "selective")
Setting = Literal["from scratch", "at once", "one cache"]
SETTINGS: Final[tuple[Setting, ...]] = ("from scratch", "at once", "one cache")


@dataclass(frozen=True)
class Spent:
    """What answering one keystroke took."""

    ms: float
    read: int
    """Prompt tokens that every path which was started had to evaluate."""
    tokens: int
    """All tokens that went through the models, those written included."""


@dataclass(frozen=True)
class Paths:
    """The three processes of the published setting, each measured alone and from scratch."""

    decision: Spent
    without: Spent
    with_: Spent
    """Without the retrieval itself."""
    retrieval_ms: float


@dataclass(frozen=True)
class Stroke:
    """One keystroke in every setting."""

    paths: Paths
    at_once: Spent
    """Until the wanted one of three concurrent paths has answered."""
    one_cache: Mapping[Way, Spent]
    retrieved: bool
    """Whether the model's decision was to retrieve."""


@dataclass(frozen=True)
class Typed:
    """The first characters of one blank, typed one by one."""

    case: Case
    strokes: tuple[Stroke, ...]
    replayed: Mapping[Way, tuple[float | None, ...]]
    """Milliseconds from each key to its answer in real time; None if the next key was faster."""


def texts(case: Case, keys: int) -> Iterator[tuple[str, int]]:
    """The document and the cursor when it comes to the blank, and after each of the first keys."""
    before, after = case.file.text[: case.blank.start], case.file.text[case.blank.end :]
    for n in range(min(keys, len(case.target)) + 1):
        typed = before + case.target[:n]
        yield typed + after, len(typed)


def spent(stroke: Stroke, setting: Setting, way: Way) -> Spent:
    """What a keystroke takes in one setting.

    Never and always need no decision and no second path; where caches are kept they are the same
    whether there would be others or not.
    """
    if setting == "one cache" or (setting == "at once" and way != "selective"):
        return stroke.one_cache[way]
    return stroke.at_once if setting == "at once" else _published(stroke, way)


def _published(stroke: Stroke, way: Way) -> Spent:
    paths = stroke.paths
    with_ = Spent(paths.retrieval_ms + paths.with_.ms, paths.with_.read, paths.with_.tokens)
    if way == "never":
        return paths.without
    if way == "always":
        return with_
    chosen = with_ if stroke.retrieved else paths.without
    started = (paths.decision, paths.without, with_)
    return Spent(
        ms=max(paths.decision.ms, chosen.ms),
        read=sum(path.read for path in started),
        tokens=sum(path.tokens for path in started),
    )


@dataclass(frozen=True)
class OnlineRow:
    """One way to decide in one setting, over all keystrokes."""

    setting: Setting
    way: Way
    ms: float
    """The mean."""
    ms_median: float
    ms_p90: float
    read: float
    """Mean number of prompt tokens evaluated for a keystroke."""
    tokens: float
    """Mean number of all tokens that went through the models for a keystroke."""


@dataclass(frozen=True)
class Speedup:
    """By how much selective is faster than always: the always mean over the selective mean, - 1.

    The interval is a bootstrap over blanks, whose keystrokes are alike.
    """

    setting: Setting
    over_always: Interval


@dataclass(frozen=True)
class ReplayRow:
    """One way to decide while keys come at a fixed pace, with one cache."""

    way: Way
    answered: float
    """The share of the keys whose answer came before the next key."""
    ms_median: float
    """From the key to its answer, of those answered; NaN if none was."""
    ms_p90: float


@dataclass(frozen=True)
class OnlineSummary:
    """Everything said about typed blanks."""

    blanks: int
    keys: int
    retrieved: float
    """The share of the keystrokes for which the model retrieves."""
    retrieval_ms: float
    """The median of a search in the index."""
    decision_share: float
    """The decision's part of completing without retrieval, from scratch, in time."""
    rows: tuple[OnlineRow, ...]
    speedups: tuple[Speedup, ...]
    replay: tuple[ReplayRow, ...]


def summarise_online(typed: Sequence[Typed]) -> OnlineSummary:
    """What at least one typed blank comes to."""
    strokes = [stroke for one in typed for stroke in one.strokes]
    decisions = sum(stroke.paths.decision.ms for stroke in strokes)
    return OnlineSummary(
        blanks=len(typed),
        keys=len(strokes),
        retrieved=float(np.mean([stroke.retrieved for stroke in strokes])),
        retrieval_ms=float(np.median([stroke.paths.retrieval_ms for stroke in strokes])),
        decision_share=decisions / sum(stroke.paths.without.ms for stroke in strokes),
        rows=tuple(_row(strokes, setting, way) for setting in SETTINGS for way in WAYS),
        speedups=tuple(Speedup(setting, _speedup(typed, setting)) for setting in SETTINGS),
        replay=tuple(_replay(typed, way) for way in WAYS if typed[0].replayed),
    )


def _row(strokes: Sequence[Stroke], setting: Setting, way: Way) -> OnlineRow:
    found = [spent(stroke, setting, way) for stroke in strokes]
    ms = [one.ms for one in found]
    return OnlineRow(
        setting=setting,
        way=way,
        ms=float(np.mean(ms)),
        ms_median=float(np.median(ms)),
        ms_p90=float(np.quantile(ms, 0.9)),
        read=float(np.mean([one.read for one in found])),
        tokens=float(np.mean([one.tokens for one in found])),
    )


def _speedup(typed: Sequence[Typed], setting: Setting) -> Interval:
    def total(way: Way) -> Callable[[Typed], float]:
        return lambda one: sum(spent(stroke, setting, way).ms for stroke in one.strokes)

    always = np.array([total("always")(one) for one in typed])
    selective = np.array([total("selective")(one) for one in typed])
    draws = np.random.default_rng(0).integers(0, len(typed), size=(2000, len(typed)))
    ratios = always[draws].sum(axis=1) / selective[draws].sum(axis=1) - 1
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(float(always.sum() / selective.sum() - 1), float(low), float(high))


def _replay(typed: Sequence[Typed], way: Way) -> ReplayRow:
    found = [ms for one in typed for ms in one.replayed[way]]
    answered = [ms for ms in found if ms is not None]
    return ReplayRow(
        way=way,
        answered=len(answered) / len(found),
        ms_median=float(np.median(answered)) if answered else float("nan"),
        ms_p90=float(np.quantile(answered, 0.9)) if answered else float("nan"),
    )
