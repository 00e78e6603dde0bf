"""The decision whether to look at the rest of the repository; pure.

Selective retrieval after Repoformer (ICML 2024, section 3): the model has read the code on both
sides of the cursor, and the probability it gives to `<cc>` at `<eof>` says whether it expects
cross-file context to help.
*greedy* retrieves when `<cc>` is the likeliest token, *threshold* when P(<cc>) passes a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sidelong.settings import RetrievalMode, Rule


@dataclass(frozen=True)
class Decision:
    """A decision and what it was made of."""

    probability: float | None
    """P(<cc>), or None if the model has no such token or was not asked."""
    threshold: float
    rule: Literal["threshold", "greedy", "always", "never"]
    retrieved: bool
    """Whether chunks were really read; False also where there was nothing to read."""
    corrected: float | None = None
    """What was compared with the threshold in the place of P(<cc>), where the folder has a
    correction."""


@dataclass(frozen=True)
class Look:
    """What the model says at `<eof>`."""

    probability: float
    likeliest: bool
    """Whether `<cc>` has the highest probability of all tokens."""
    corrected: float | None = None
    """The probability by the folder's correction, if it has one."""


def look(logits: npt.NDArray[np.float32], cc: int) -> Look:
    """Read P(<cc>) off the logits [V] at `<eof>`."""
    top = float(logits.max())
    total = float(np.exp(logits - top, dtype=np.float64).sum())
    probability = float(np.exp(np.float64(logits[cc]) - top)) / total
    return Look(probability=probability, likeliest=int(logits.argmax()) == cc)


def decide(seen: Look | None, *, mode: RetrievalMode, rule: Rule, threshold: float) -> Decision:
    """Decide; a model that cannot say (`seen` is None) abstains unless told `always`."""
    probability = None if seen is None else seen.probability
    if mode != "auto":
        return Decision(probability, threshold, mode, retrieved=mode == "always")
    if seen is None:
        return Decision(None, threshold, rule, retrieved=False)
    if rule == "greedy":
        return Decision(probability, threshold, rule, retrieved=seen.likeliest)
    compared = seen.probability if seen.corrected is None else seen.corrected
    return Decision(probability, threshold, rule, compared >= threshold, seen.corrected)
