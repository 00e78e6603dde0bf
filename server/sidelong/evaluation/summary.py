"""The figures of trials: scores and costs by mode and kind, and the worth of the decision; pure.

Shares and scores are 0..1. A model that cannot decide has no `Gating`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sidelong.evaluation import decision
from sidelong.evaluation.metrics import Interval, bootstrap_interval
from sidelong.evaluation.reliability import Bin, calibration_error, reliability
from sidelong.evaluation.run import Completion, Mode, Trial

ALL_KINDS = "all"
MOST_CANDIDATES = 100


@dataclass(frozen=True)
class Cost:
    """The cost of one completion on its own, from an empty cache."""

    ms: Interval
    """The mean."""
    ms_median: float
    ms_p90: float
    evaluated: float
    """Mean number of prompt tokens that went through the model."""
    generated: float
    """Mean number of tokens decoded."""


@dataclass(frozen=True)
class ModeScores:
    """One mode on the blanks of one kind, or on all of them."""

    mode: Mode
    kind: str
    n: int
    retrieved: float
    exact: Interval
    edit_similarity: Interval
    repoeval_similarity: Interval
    first_line: Interval
    identifiers_exact: Interval
    identifiers_f1: Interval
    cost: Cost


@dataclass(frozen=True)
class Benefit:
    """The effect of always retrieving on edit similarity, on the blanks of one kind or all."""

    kind: str
    n: int
    helps: float
    nothing: float
    hurts: float
    oracle: float
    """The edit similarity of a decision that is always right."""


@dataclass(frozen=True)
class Abstention:
    """The blanks for which a rule did not retrieve; the last three add up to 1 (NaN if none)."""

    rule: Mode
    n: int
    right: float
    """Exactly right without retrieval."""
    hopeless: float
    """Not right, and retrieval would not have made it better."""
    missed: float
    """Not right, and retrieval would have made it better."""


@dataclass(frozen=True)
class Judged:
    """The quality of a rule, which should retrieve exactly where that helps."""

    rule: Mode
    retrieved: float
    accuracy: float
    abstained_rightly: float
    """The share of its abstentions where retrieval would not have helped (NaN if none)."""
    over_never: Interval
    """Edit similarity above never retrieving, blank by blank."""
    over_always: Interval


@dataclass(frozen=True)
class Point:
    """The result of one threshold: the never and the always completions put together."""

    threshold: float
    retrieved: float
    exact: float
    edit_similarity: float
    accuracy: float
    ms: float


@dataclass(frozen=True)
class Gating:
    """The worth of P(<cc>) as a forecast that retrieval helps."""

    threshold: float
    corrected: bool
    """True if it is judged as corrected for the folder, here and below."""
    auc_probability: float
    auc_score: float
    """Of the best chunk's Jaccard score alone."""
    judged: tuple[Judged, ...]
    abstentions: tuple[Abstention, ...]
    bins: tuple[Bin, ...]
    calibration_error: float
    sweep: tuple[Point, ...]


@dataclass(frozen=True)
class Summary:
    """The figures of a number of trials."""

    rows: tuple[ModeScores, ...]
    benefits: tuple[Benefit, ...]
    gating: Gating | None


def summarise(trials: Sequence[Trial]) -> Summary:
    """The figures of one trial or more; every trial has all modes."""
    kinds = [ALL_KINDS, *dict.fromkeys(trial.case.blank.kind for trial in trials)]
    of_kind = {
        kind: [t for t in trials if kind in (ALL_KINDS, t.case.blank.kind)] for kind in kinds
    }
    modes: tuple[Mode, ...] = tuple(trials[0].completions)
    return Summary(
        rows=tuple(_row(mode, kind, some) for kind, some in of_kind.items() for mode in modes),
        benefits=tuple(_benefit(kind, some) for kind, some in of_kind.items()),
        gating=_gating(trials),
    )


def completions(trials: Iterable[Trial], mode: Mode) -> list[Completion]:
    """One mode's completions, in the order of the trials."""
    return [trial.completions[mode] for trial in trials]


def similarities(trials: Iterable[Trial], mode: Mode) -> list[float]:
    """One mode's edit similarities, in the order of the trials."""
    return [completion.edit_similarity for completion in completions(trials, mode)]


def helped(trials: Iterable[Trial]) -> list[bool]:
    """True for each blank where retrieval helped."""
    return [
        t.completions["always"].edit_similarity > t.completions["never"].edit_similarity
        for t in trials
    ]


def probabilities(trials: Sequence[Trial]) -> list[float] | None:
    """The probabilities that were compared with the threshold; None if no model could decide."""
    known = [p for trial in trials if (p := probability(trial)) is not None]
    return known if len(known) == len(trials) else None


def probability(trial: Trial) -> float | None:
    """P(<cc>), or the folder's correction of it, from any mode in which it was asked for.

    A correction is used, and a policy asked, only in the modes that they decide.
    """
    gates = [completion.gate for completion in trial.completions.values()]
    known = [*(gate.corrected for gate in gates), *(gate.probability for gate in gates)]
    return next((p for p in known if p is not None), None)


def sweep(
    trials: Sequence[Trial], thresholds: Sequence[float], asked: Sequence[float] | None = None
) -> list[Point]:
    """The result of each threshold; empty if the model cannot decide.

    `asked` are the probabilities to compare, one for each trial, by default P(<cc>).
    """
    asked = probabilities(trials) if asked is None else asked
    if asked is None:
        return []
    never, always = completions(trials, "never"), completions(trials, "always")
    helps = np.array(helped(trials))
    points = []
    for threshold in thresholds:
        retrieve = np.array(asked) >= threshold
        chosen = [a if r else n for n, a, r in zip(never, always, retrieve, strict=True)]
        points.append(
            Point(
                threshold=float(threshold),
                retrieved=float(retrieve.mean()),
                exact=float(np.mean([o.exact for o in chosen])),
                edit_similarity=float(np.mean([o.edit_similarity for o in chosen])),
                accuracy=float((retrieve == helps).mean()),
                ms=float(np.mean([o.total_ms for o in chosen])),
            )
        )
    return points


def candidates(asked: decision.Values) -> list[float]:
    """Thresholds to choose from: halfway between neighbouring probabilities, and 0 and 1.

    Halfway, because rounding may move a threshold that equals a probability to either side of it.
    At most `MOST_CANDIDATES` besides 0 and 1.
    """
    known = np.unique(np.asarray(asked, dtype=np.float64))
    halfway = (known[1:] + known[:-1]) / 2
    if len(halfway) > MOST_CANDIDATES:
        halfway = halfway[np.linspace(0, len(halfway) - 1, MOST_CANDIDATES).astype(int)]
    return [0.0, *(float(f"{value:.4g}") for value in halfway), 1.0]


def thresholds(asked: Sequence[float], n: int = 41) -> list[float]:
    """Thresholds that part the blanks in `n` steps of equal size, from always to never."""
    return sorted({0.0, *np.quantile(asked, np.linspace(0, 1, n)).tolist(), 1.0})


def _row(mode: Mode, kind: str, trials: Sequence[Trial]) -> ModeScores:
    made = completions(trials, mode)
    ms = [completion.total_ms for completion in made]
    return ModeScores(
        mode=mode,
        kind=kind,
        n=len(made),
        retrieved=float(np.mean([o.gate.retrieved for o in made])),
        exact=bootstrap_interval([o.exact for o in made]),
        edit_similarity=bootstrap_interval([o.edit_similarity for o in made]),
        repoeval_similarity=bootstrap_interval([o.repoeval_similarity for o in made]),
        first_line=bootstrap_interval([o.first_line for o in made]),
        identifiers_exact=bootstrap_interval([o.identifiers.exact for o in made]),
        identifiers_f1=bootstrap_interval([o.identifiers.f1 for o in made]),
        cost=Cost(
            ms=bootstrap_interval(ms),
            ms_median=float(np.median(ms)),
            ms_p90=float(np.quantile(ms, 0.9)),
            evaluated=float(np.mean([o.tokens.evaluated for o in made])),
            generated=float(np.mean([o.tokens.generated for o in made])),
        ),
    )


def _benefit(kind: str, trials: Sequence[Trial]) -> Benefit:
    without, with_ = similarities(trials, "never"), similarities(trials, "always")
    shares = decision.shares(without, with_)
    return Benefit(
        kind=kind,
        n=len(trials),
        helps=shares.helps,
        nothing=shares.nothing,
        hurts=shares.hurts,
        oracle=decision.oracle(without, with_),
    )


def _gating(trials: Sequence[Trial]) -> Gating | None:
    asked, helps = probabilities(trials), helped(trials)
    if asked is None:
        return None
    always = completions(trials, "always")
    rules: tuple[Mode, ...] = ("greedy", "threshold")
    bins = tuple(reliability(asked, helps))
    return Gating(
        threshold=trials[0].completions["threshold"].gate.threshold,
        corrected=trials[0].completions["threshold"].gate.corrected is not None,
        auc_probability=decision.auc(asked, helps),
        auc_score=decision.auc([o.chunks[0].score if o.chunks else 0.0 for o in always], helps),
        judged=tuple(_judged(rule, trials) for rule in rules),
        abstentions=tuple(_abstention(rule, trials) for rule in rules),
        bins=bins,
        calibration_error=calibration_error(bins),
        sweep=tuple(sweep(trials, thresholds(asked))),
    )


def _judged(rule: Mode, trials: Sequence[Trial]) -> Judged:
    retrieved = np.array([o.gate.retrieved for o in completions(trials, rule)])
    helps = np.array(helped(trials))
    scores = np.array(similarities(trials, rule))
    abstained = ~retrieved
    return Judged(
        rule=rule,
        retrieved=float(retrieved.mean()),
        accuracy=float((retrieved == helps).mean()),
        abstained_rightly=float((~helps[abstained]).mean()) if abstained.any() else float("nan"),
        over_never=bootstrap_interval((scores - similarities(trials, "never")).tolist()),
        over_always=bootstrap_interval((scores - similarities(trials, "always")).tolist()),
    )


def _abstention(rule: Mode, trials: Sequence[Trial]) -> Abstention:
    abstained = [t for t in trials if not t.completions[rule].gate.retrieved]
    right = np.array([t.completions["never"].exact for t in abstained], dtype=bool)
    helps = np.array(helped(abstained), dtype=bool)

    def share(flags: npt.NDArray[np.bool_]) -> float:
        return float(flags.mean()) if abstained else float("nan")

    return Abstention(
        rule=rule,
        n=len(abstained),
        right=share(right),
        hopeless=share(~right & ~helps),
        missed=share(~right & helps),
    )
