"""The feel of another maker's model on this machine, estimated from the speed of measured ones.

Reading a prompt takes computing, which grows with the weights' number; writing takes moving the
weights, which grows with their bytes. So the speed of the measured model that is nearest in size is
scaled by these two: the model itself, once it was loaded here, else the default one or another.
Larger models use a processor better, so a part of the default model's time does not grow. The part
was fitted on Qwen2.5-Coder of 0.5B and 1.5B; bench/README.md has the errors that remain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sidelong.engine import Speed
from sidelong.models.known import Known
from sidelong.shipped import MOST_COLD_MS, MOST_KEYSTROKE_MS

COLD_TOKENS: Final = 1536
"""The budget of a stock model before the cursor and after it."""


FIXED: Final = 0.25
"""The part of the default model's time that is the same for larger ones."""


@dataclass(frozen=True)
class Measured:
    """A model whose speed on this machine is known."""

    parameters: int
    size_bytes: int
    speed: Speed


@dataclass(frozen=True)
class Feel:
    """The waits of somebody who types with a model, in milliseconds."""

    keystroke_ms: float
    """From a key to the first ghost text, behind code that was read before."""
    cold_ms: float
    """The same in a file of which nothing was read."""

    @property
    def is_quick(self) -> bool:
        """True if it keeps up with a typist, by the measure that the default model is held to."""
        return self.keystroke_ms <= MOST_KEYSTROKE_MS and self.cold_ms <= MOST_COLD_MS


def feel(model: Known, default: Measured, others: Sequence[Measured] = ()) -> Feel:
    """The waits with `model`, by the nearest in size of the default model and the other ones."""

    def distance(measured: Measured) -> float:
        return abs(math.log(measured.size_bytes / model.size_bytes))

    nearest = min((default, *others), key=distance)

    (read, written), (read_there, written_there) = _times(model, default), _times(nearest, default)
    speed = Speed(
        prefill=nearest.speed.prefill * read_there / read,
        decode=nearest.speed.decode * written_there / written,
    )
    return Feel(speed.keystroke_ms, speed.prefill_ms(COLD_TOKENS) + speed.keystroke_ms)


def _times(model: Known | Measured, default: Measured) -> tuple[float, float]:
    """The times to read and to write a token, in those of the default model."""
    return (
        _grown(model.parameters / default.parameters),
        _grown(model.size_bytes / default.size_bytes),
    )


def _grown(times: float) -> float:
    """A time that was 1, with so many times the weights or their bytes."""
    return min(times, FIXED + (1 - FIXED) * times)


def recommended(
    models: Sequence[Known], feels: Mapping[str, Feel], free_bytes: int
) -> Known | None:
    """The model with the most weights of those that are quick and fit into the free memory.

    Those that write no better than the default model are not worth the wait.
    `feels` are by the models' sources. None if there is no such model.
    """
    suiting = (
        model
        for model in models
        if feels[model.source].is_quick
        and model.memory_bytes <= free_bytes
        and not model.is_no_better
    )
    return max(suiting, key=lambda model: model.parameters, default=None)
