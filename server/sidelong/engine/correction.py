"""A small correction of the decision, learnt from a folder's own blanks; pure.

P(<cc>) is what the model was taught about other people's repositories.
A linear function of its hidden state at `<eof>` says how much retrieval gained in this one, and
is put on the scale of P(<cc>), so that a threshold retrieves about as often as it did without.
Fitting it is `evaluation.correcting`'s, keeping it `learnt`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

FORMAT = 1
"""Of the record; one with another number is not used. 1: 2026, the first."""

NEAREST = 1e-6
"""Probabilities nearer to 0 or 1 than this count as that far away."""


@dataclass(frozen=True, eq=False)
class Correction:
    """The terms of the sum, and the scale it is read on; for one pair of models and one folder."""

    models: str
    """The fingerprint of the models whose completions it was fitted on."""
    bias: float
    slope: float
    """Of the log-odds of P(<cc>)."""
    weights: Values
    """Of the hidden state [D], scaled to a root mean square of 1."""
    gains: Values
    """Gains in edit similarity [K], increasing, and what P(<cc>) is at the same rank."""
    probabilities: Values

    def of(self, probability: float, hidden: npt.NDArray[np.floating]) -> float:
        """The corrected probability, 0 to 1; as it was for a state of another size."""
        if hidden.shape != self.weights.shape:
            return probability
        gain = self.bias + self.slope * log_odds(probability) + unit(hidden) @ self.weights
        return float(np.interp(gain, self.gains, self.probabilities))


def unit(hidden: npt.NDArray[np.floating]) -> Values:
    """States [..., D] scaled to a root mean square of 1, whatever a model's last norm is."""
    states = hidden.astype(np.float64)
    size = np.sqrt((states**2).mean(axis=-1, keepdims=True))
    scaled: Values = states / np.maximum(size, 1e-12)
    return scaled


def log_odds(probability: float) -> float:
    """The log-odds of a probability, kept finite."""
    p = min(max(probability, NEAREST), 1 - NEAREST)
    return math.log(p / (1 - p))


def to_json(correction: Correction) -> dict[str, Any]:
    """The correction as JSON."""
    return {
        "format": FORMAT,
        "models": correction.models,
        "bias": correction.bias,
        "slope": correction.slope,
        "weights": correction.weights.tolist(),
        "gains": correction.gains.tolist(),
        "probabilities": correction.probabilities.tolist(),
    }


def from_json(record: object) -> Correction:
    """The correction of a record; raises `ValueError` that says why it cannot be used."""
    if not isinstance(record, Mapping) or record.get("format") != FORMAT:
        raise ValueError(f"it is not of format {FORMAT}")
    try:
        found = Correction(
            models=str(record["models"]),
            bias=float(record["bias"]),
            slope=float(record["slope"]),
            weights=_numbers(record["weights"]),
            gains=_numbers(record["gains"]),
            probabilities=_numbers(record["probabilities"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"something in it is missing or no number ({error})") from None
    if not (math.isfinite(found.bias) and math.isfinite(found.slope)):
        raise ValueError("it has numbers that are none")
    if len(found.gains) != len(found.probabilities) or (np.diff(found.gains) <= 0).any():
        raise ValueError("its scale is not one")
    if (np.diff(found.probabilities) < 0).any() or not (
        found.probabilities[0] >= 0 and found.probabilities[-1] <= 1
    ):
        raise ValueError("its probabilities are none")
    return found


def _numbers(values: object) -> Values:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise ValueError("a list of numbers is none")
    return found
