"""Typed blanks counted: latencies, tokens, speed-ups and answers in real time; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from bench.online.strokes import SETTINGS, WAYS, Setting, Stroke, Typed, Way, spent

from sidelong.evaluation.metrics import Interval


@dataclass(frozen=True)
class Latency:
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
    """The mean of always over the mean of selective, less 1: above 0 selective is faster.

    The interval is a bootstrap over blanks, whose keystrokes are alike.
    """

    setting: Setting
    over_always: Interval


@dataclass(frozen=True)
class Replay:
    """One way to decide while keys come at a fixed pace, with one cache."""

    way: Way
    answered: float
    """The share of the keys whose answer came before the next key."""
    ms_median: float
    """From the key to its answer, of those answered; NaN if none was."""
    ms_p90: float


@dataclass(frozen=True)
class OnlineSummary:
    """The figures of a number of typed blanks."""

    blanks: int
    keys: int
    retrieved: float
    """The share of the keystrokes for which the model retrieves."""
    retrieval_ms: float
    """The median of a search in the index."""
    decision_share: float
    """The decision's part of completing without retrieval, from scratch, in time."""
    rows: tuple[Latency, ...]
    speedups: tuple[Speedup, ...]
    replay: tuple[Replay, ...]


def summarise_online(typed: Sequence[Typed]) -> OnlineSummary:
    """The figures of one typed blank or more."""
    strokes = [stroke for one in typed for stroke in one.strokes]
    decisions = sum(stroke.paths.decision.ms for stroke in strokes)
    return OnlineSummary(
        blanks=len(typed),
        keys=len(strokes),
        retrieved=float(np.mean([stroke.retrieved for stroke in strokes])),
        retrieval_ms=float(np.median([stroke.paths.retrieval_ms for stroke in strokes])),
        decision_share=decisions / sum(stroke.paths.without.ms for stroke in strokes),
        rows=tuple(_latency(strokes, setting, way) for setting in SETTINGS for way in WAYS),
        speedups=tuple(Speedup(setting, _speedup(typed, setting)) for setting in SETTINGS),
        replay=tuple(_replay(typed, way) for way in WAYS if typed[0].replayed),
    )


def _latency(strokes: Sequence[Stroke], setting: Setting, way: Way) -> Latency:
    costs = [spent(stroke, setting, way) for stroke in strokes]
    ms = [cost.ms for cost in costs]
    return Latency(
        setting=setting,
        way=way,
        ms=float(np.mean(ms)),
        ms_median=float(np.median(ms)),
        ms_p90=float(np.quantile(ms, 0.9)),
        read=float(np.mean([cost.read for cost in costs])),
        tokens=float(np.mean([cost.tokens for cost in costs])),
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


def _replay(typed: Sequence[Typed], way: Way) -> Replay:
    latencies = [ms for one in typed for ms in one.replayed[way]]
    answered = [ms for ms in latencies if ms is not None]
    return Replay(
        way=way,
        answered=len(answered) / len(latencies),
        ms_median=float(np.median(answered)) if answered else float("nan"),
        ms_p90=float(np.quantile(answered, 0.9)) if answered else float("nan"),
    )
