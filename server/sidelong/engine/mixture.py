"""The share of the workspace cache beside the model, by the length of the match; pure.

The model's distribution is interpolated with what followed matches of 0 tokens, the result with
what followed matches of 1, and so on: a long match speaks first, and what it leaves open is filled
by shorter ones and by the model. As with Witten and Bell (1991), a length's say grows with the
places that match and falls with the number of different tokens that follow there; it falls too
with how sure the model is. `training.mixture` fits the numbers, and a model's file carries its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SURE = 1e-4
"""A model is taken to be no nearer than this to certainty, or to knowing nothing."""


@dataclass(frozen=True)
class Mixture:
    """Log-odds of a length's share in the distribution; see the module."""

    places: float
    """For the logarithm of the number of places that match."""
    followers: float
    """For the logarithm of the number of different tokens that follow there."""
    confidence: float
    """For the log-odds of the model's likeliest token."""
    lengths: tuple[float, ...]
    """For matches of 0 tokens, of 1, …; their number bounds the matches that are looked for."""

    def shares(
        self, places: Sequence[int], followers: Sequence[int], confidence: float
    ) -> list[float]:
        """The share of each length from 0 on, as far as there are `places`."""
        p = min(max(confidence, SURE), 1 - SURE)
        sure = self.confidence * math.log(p / (1 - p))

        def share(length: float, n: int, different: int) -> float:
            if not n:
                return 0.0
            said = self.places * math.log(n) + self.followers * math.log(different)
            return _sigmoid(length + sure + said)

        return [share(*said) for said in zip(self.lengths, places, followers, strict=False)]

    def text(self) -> str:
        """The numbers as a model's file carries them."""
        numbers = (self.places, self.followers, self.confidence, *self.lengths)
        return ",".join(f"{number:.4g}" for number in numbers)


def parse(text: str) -> Mixture | None:
    """The reverse of `Mixture.text`; None if it is no such text."""
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        return None
    if len(numbers) < 5 or not all(abs(number) < 100 for number in numbers):
        return None
    places, followers, confidence, *lengths = numbers
    return Mixture(places, followers, confidence, tuple(lengths))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -500 else 0.0


DEFAULT = Mixture(
    places=0.85,
    followers=-1.39,
    confidence=-0.32,
    lengths=(-2.1, -1.9, -1.6, -2.1, -2.2, -2.1, -2.7, -2.8, -2.4, -4.3, -0.6),
)
"""For a model of ours whose file says nothing: fitted with the second edition (training/LOG.md)."""
