"""Forecasts of whether retrieval helps, fitted on labels and judged on packages that had no part.

First the row of `<cc>` in the tied embedding: a logistic regression under the model's own softmax,
drawn towards the row that was there. Then, on what such rows say of other packages, numbers that
calibrate P(<cc>) and may join it with what the search says: how similar the best chunk is, and how
much of the text before the cursor a chunk holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sidelong.evaluation.decision import auc

FOLDS = 5
DECAYS = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Tried for the row; with few labels the largest do best, which hardly move it."""

ITSELF = torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=torch.float64)
"""The formula that leaves P(<cc>) as it is."""

PRIOR = 1.0
"""Standard deviation of the numbers of a formula around that."""

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Labels:
    """The model's states at `<eof>`, and the outcomes of retrieval there."""

    states: Floats
    """The last normed states [N, C]."""
    others: Floats
    """Log of the summed exponentials of all other tokens' logits [N]."""
    likeness: Floats
    """Jaccard similarity of the best chunk, and log(1 + the longest match before the cursor);
    0 where there was no chunk [N, 2]."""
    helped: Floats
    """1 or 0 [N]."""
    folds: npt.NDArray[np.int64]
    """Packages share one [N]."""


@dataclass(frozen=True, eq=False)
class Decision:
    """The fitted row and formula, and how they were judged."""

    row: Floats
    """[C]"""
    formula: Floats | None
    """Bias, slope, score, match (see `by_formula`); None where P(<cc>) alone forecasts no worse."""
    report: dict[str, object]


def folds(packages: Sequence[str]) -> npt.NDArray[np.int64]:
    """The fold of each label [N]: whole packages, the folds about equally large.

    Labels of one package alone are dealt out one by one, and judged by each other.
    """
    if len(set(packages)) == 1:
        return np.arange(len(packages)) % FOLDS
    taken, sizes = {}, [0] * FOLDS
    for package, n in sorted(Counter(packages).items(), key=lambda item: (-item[1], item[0])):
        taken[package] = fold = sizes.index(min(sizes))
        sizes[fold] += n
    return np.array([taken[package] for package in packages])


def across(fold: npt.NDArray[np.int64], forecast: Callable[[Mask, Mask], Floats]) -> Floats:
    """Log-odds [N] of each fold, by what was fitted without it: `forecast(without, of)`."""
    found = np.empty(len(fold))
    for one in np.unique(fold):
        found[fold == one] = forecast(fold != one, fold == one)
    return found


def fit_row(given: Labels, chosen: Mask, start: Floats, decay: float) -> Floats:
    """The row [C] that forecasts the chosen labels best, drawn towards `start`."""
    states = torch.from_numpy(given.states[chosen])
    before = states @ torch.from_numpy(start) - torch.from_numpy(given.others[chosen])
    helped = torch.from_numpy(given.helped[chosen])
    # The penalty counts log-odds, so that it means the same whatever the states' size.
    size = states.square().mean()

    def loss(change: Tensor) -> Tensor:
        penalty = decay * size * change.square().sum()
        return _log_loss(before + states @ change, helped) + penalty

    return start + _minimum(loss, len(start))


def fit_formula(log_odds: Floats, likeness: Floats, helped: Floats) -> Floats:
    """The likeliest numbers of `by_formula`, if formulas are mostly near to P(<cc>) itself."""
    read = torch.from_numpy(np.column_stack([np.ones_like(log_odds), log_odds, likeness]))
    wanted, decay = torch.from_numpy(helped), 1 / (2 * PRIOR**2 * len(helped))

    def loss(change: Tensor) -> Tensor:
        return _log_loss(read @ (ITSELF + change), wanted) + decay * change.square().sum()

    return ITSELF.numpy() + _minimum(loss, len(ITSELF))


def by_formula(numbers: Floats, log_odds: Floats, likeness: Floats) -> Floats:
    """The corrected log-odds: bias + slope * log-odds of P(<cc>) + (score, match) * likeness."""
    found: Floats = numbers[0] + numbers[1] * log_odds + likeness @ numbers[2:]
    return found


def fit(given: Labels, start: Floats) -> Decision:
    """The row and the formula that forecast other packages best, and how well each way does."""
    helped, everything = given.helped, np.ones(len(given.helped), dtype=np.bool_)

    def by_row(decay: float) -> Floats:
        return across(
            given.folds,
            lambda rest, one: (
                given.states[one] @ fit_row(given, rest, start, decay) - given.others[one]
            ),
        )

    def joined(likeness: Floats) -> Floats:
        return across(
            given.folds,
            lambda rest, one: by_formula(
                fit_formula(alone[rest], likeness[rest], helped[rest]), alone[one], likeness[one]
            ),
        )

    rows = {decay: by_row(decay) for decay in DECAYS}
    decay = min(DECAYS, key=lambda d: log_loss(rows[d], helped))
    alone, best, match = rows[decay], given.likeness * [1, 0], given.likeness * [0, 1]
    read = {"calibrated": 0 * best, "and similarity": best, "and match": match}
    read["and both"] = given.likeness
    ways = {"P(<cc>)": alone} | {name: joined(likeness) for name, likeness in read.items()}
    taken = min(ways, key=lambda name: log_loss(ways[name], helped))
    formula = fit_formula(alone, read[taken], helped) if taken in read else None
    before = given.states @ start - given.others
    judged = {"row before": before, "similarity": best[:, 0], "match": match[:, 1], **ways}
    report: dict[str, object] = {
        "labels": len(helped),
        "helped": float(helped.mean()),
        "decay": decay,
        "taken": taken,
        "auc": {name: auc(x, helped.astype(np.bool_)) for name, x in judged.items()},
        "log_loss": {name: log_loss(x, helped) for name, x in ways.items()},
        "base_rate_log_loss": log_loss(np.full_like(helped, _log_odds(helped.mean())), helped),
        "reliability": reliability(sigmoid(ways[taken]), helped),
    }
    return Decision(fit_row(given, everything, start, decay), formula, report)


def reliability(forecast: Floats, helped: Floats) -> list[tuple[float, float]]:
    """For each fifth of the labels, by forecast: its mean, and the share that was helped."""
    order = np.array_split(np.argsort(forecast, kind="stable"), 5)
    return [(float(forecast[part].mean()), float(helped[part].mean())) for part in order]


def sigmoid(x: Floats) -> Floats:
    return np.exp(-np.logaddexp(0, -x))


def log_loss(log_odds: Floats, helped: Floats) -> float:
    """Nats a label."""
    return float(_log_loss(torch.from_numpy(log_odds), torch.from_numpy(helped)))


def _log_loss(log_odds: Tensor, helped: Tensor) -> Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(log_odds, helped)


def _log_odds(p: float) -> float:
    return float(np.log(p / (1 - p))) if 0 < p < 1 else 0.0


def _minimum(loss: Callable[[Tensor], Tensor], size: int) -> Floats:
    """Where a convex loss of `size` numbers is least."""
    found = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([found], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(found)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return found.detach().numpy()
