"""Fitting a correction of the decision by regularised least squares; pure.

The gain in edit similarity of retrieving is regressed on the log-odds of P(<cc>), which are free,
and on the hidden state at `<eof>`, whose weights are penalised: with an endless penalty P(<cc>)
decides alone. The penalty is the one with the least squared error on folds of whole files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sidelong.engine import Correction, Values, log_odds, unit

FOLDS = 5
PENALTIES = np.logspace(-2, 4, 13)
"""For each blank."""
KNOTS = 33
"""Of the scale from gains to probabilities."""


@dataclass(frozen=True, eq=False)
class Sample:
    """N blanks to fit on."""

    asked: Values
    """P(<cc>) [N]."""
    hidden: Values
    """The deciding model's states at `<eof>` [N, D]."""
    gains: Values
    """Edit similarity with retrieval less that without [N]."""
    folds: npt.NDArray[np.int64]
    """The fold of each blank's file [N]."""

    def where(self, chosen: npt.NDArray[np.bool_]) -> Sample:
        """The chosen blanks only."""
        return Sample(
            self.asked[chosen], self.hidden[chosen], self.gains[chosen], self.folds[chosen]
        )


@dataclass(frozen=True, eq=False)
class Fitted:
    """A correction, and its probabilities for the blanks it was fitted on, as if unseen."""

    correction: Correction
    corrected: Values
    """Probabilities [N], each by a fit on the other folds."""


def folds_of(paths: Sequence[str]) -> npt.NDArray[np.int64]:
    """A fold for each blank, those of a file together unless there are fewer files than folds."""
    order = {path: i for i, path in enumerate(dict.fromkeys(paths))}
    if len(order) < FOLDS:
        return np.arange(len(paths), dtype=np.int64) % FOLDS
    return np.array([order[path] % FOLDS for path in paths], dtype=np.int64)


def fit(sample: Sample, *, models: str) -> Fitted:
    """The correction that forecasts the sample's gains best on files it was not fitted on."""
    free, states = _features(sample)
    penalties = PENALTIES * len(sample.gains)
    unseen = np.zeros((len(sample.gains), len(penalties)))
    for fold in np.unique(sample.folds):
        out = sample.folds == fold
        if out.all():
            raise ValueError("All blanks are in one fold.")
        beta, weights = ridge(free[~out], states[~out], sample.gains[~out], penalties)
        unseen[out] = free[out] @ beta + states[out] @ weights
    best = int(((unseen - sample.gains[:, None]) ** 2).mean(axis=0).argmin())
    beta, weights = ridge(free, states, sample.gains, penalties[[best]])
    forecast = unseen[:, best]
    knots, probabilities = _scale(forecast, sample.asked)
    correction = Correction(
        models=models,
        bias=float(beta[0, 0]),
        slope=float(beta[1, 0]),
        weights=weights[:, 0],
        gains=knots,
        probabilities=probabilities,
    )
    return Fitted(correction, np.interp(forecast, knots, probabilities))


def ridge(
    free: Values, states: Values, targets: Values, penalties: Values
) -> tuple[Values, Values]:
    """Least squares for each of P penalties at once: `free` [N, F] @ [F, P] + `states` [N, D] @
    [D, P], where only the weights of `states` are penalised by their squares.

    The free columns are projected out first (Frisch, Waugh and Lovell); the rest is closed form
    by one singular value decomposition.
    """
    basis, _ = np.linalg.qr(free)
    rest = states - basis @ (basis.T @ states)
    left, sizes, right = np.linalg.svd(rest, full_matrices=False)
    shrunk = sizes[:, None] / (sizes[:, None] ** 2 + penalties[None, :])
    weights = right.T @ (shrunk * (left.T @ (targets - basis @ (basis.T @ targets)))[:, None])
    beta, *_ = np.linalg.lstsq(free, targets[:, None] - states @ weights, rcond=None)
    return beta, weights


def _features(sample: Sample) -> tuple[Values, Values]:
    odds = np.array([log_odds(float(p)) for p in sample.asked])
    return np.stack([np.ones_like(odds), odds], axis=1), unit(sample.hidden)


def _scale(forecast: Values, asked: Values) -> tuple[Values, Values]:
    """Increasing gains, and P(<cc>) at the same ranks."""
    ranks = np.linspace(0, 1, KNOTS)
    gains, first = np.unique(np.quantile(forecast, ranks), return_index=True)
    return gains, np.quantile(asked, ranks)[first]
