"""The decision whether to look at the rest of the repository; pure.

Selective retrieval after Repoformer (ICML 2024, section 3): the model has read the code on both
sides of the cursor, and the probability it gives to `<cc>` at `<eof>` says whether it expects
cross-file context to help.
*greedy* retrieves when `<cc>` is the likeliest token, *threshold* when P(<cc>) passes a setting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sidelong.engine.correction import log_odds
from sidelong.settings import RetrievalMode, Rule


@dataclass(frozen=True)
class Formula:
    """A forecast of help from P(<cc>) and what the search says, as log-odds.

    `training.forecast` fits the numbers with the model, whose file carries them.
    """

    bias: float
    slope: float
    """Of the log-odds of P(<cc>)."""
    score: float
    """Of the best chunk's Jaccard similarity."""
    match: float = 0.0
    """Of log(1 + the characters before the cursor that a chunk holds, too)."""

    def of(self, probability: float, best: float, match: int = 0) -> float:
        """The forecast as a probability; `best` and `match` are 0 where no chunk was found."""
        likeness = self.score * best + self.match * math.log1p(match)
        return _sigmoid(self.bias + self.slope * log_odds(probability) + likeness)


def parse_formula(text: str) -> Formula | None:
    """The formula as a model's file carries it, three or four numbers; None if the text is none."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        return None
    usable = all(math.isfinite(n) and abs(n) < 100 for n in numbers)
    return Formula(*numbers) if usable and len(numbers) in (3, 4) else None


@dataclass(frozen=True)
class Decision:
    """A decision and its grounds."""

    probability: float | None
    """P(<cc>), or None if the model has no such token or was not asked."""
    threshold: float
    rule: Literal["threshold", "greedy", "always", "never"]
    retrieved: bool
    """True if chunks were really read; False also where there was nothing to read."""
    corrected: float | None = None
    """The value compared with the threshold in place of P(<cc>), if the model has a formula or the
    folder a correction."""
    kept: bool = False
    """True if it was made at an earlier cursor and stands since."""

    @property
    def compared(self) -> float | None:
        """The value that the threshold was compared with; None as for `probability`."""
        return self.probability if self.corrected is None else self.corrected


@dataclass(frozen=True)
class Signal:
    """The model's answer at `<eof>`."""

    probability: float
    likeliest: bool
    """True if `<cc>` has the highest probability of all tokens."""
    corrected: float | None = None
    """The probability by the model's formula or the folder's correction, if there is one."""

    @property
    def compared(self) -> float:
        """The value to compare with a threshold."""
        return self.probability if self.corrected is None else self.corrected


def read_signal(logits: npt.NDArray[np.float32], cc: int) -> Signal:
    """Read P(<cc>) off the logits [V] at `<eof>`."""
    top = float(logits.max())
    total = float(np.exp(logits - top, dtype=np.float64).sum())
    probability = float(np.exp(np.float64(logits[cc]) - top)) / total
    return Signal(probability=probability, likeliest=int(logits.argmax()) == cc)


def decide(signal: Signal | None, *, mode: RetrievalMode, rule: Rule, threshold: float) -> Decision:
    """Decide; a model without a signal abstains unless told `always`."""
    probability = None if signal is None else signal.probability
    if mode != "auto":
        return Decision(probability, threshold, mode, retrieved=mode == "always")
    if signal is None:
        return Decision(None, threshold, rule, retrieved=False)
    if rule == "greedy":
        return Decision(probability, threshold, rule, retrieved=signal.likeliest)
    return Decision(probability, threshold, rule, signal.compared >= threshold, signal.corrected)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -500 else 0.0
