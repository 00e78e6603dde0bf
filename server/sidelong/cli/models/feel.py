"""The feel of another maker's model on this machine, estimated from the default one's speed.

Reading a prompt takes computing, which grows with the weights' number; writing takes moving the
weights, which grows with their bytes. So the measured speed is scaled by these two.
Small models are faster than that: Qwen2.5-Coder-0.5B reads and writes about twice as fast as the
measured speed of SmolLM2-135M says it would (175 and 50 tokens a second against 81 and 22).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sidelong.engine import Speed
from sidelong.models.known import Known
from sidelong.shipped import MOST_COLD_MS, MOST_KEYSTROKE_MS, PARAMETERS

COLD_TOKENS: Final = 1536
"""The budget of a stock model before the cursor and after it."""


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


def feel(model: Known, measured: Speed, default_bytes: int) -> Feel:
    """The waits with `model`, where the default model of this size has the speed `measured`."""
    speed = Speed(
        prefill=measured.prefill * PARAMETERS / model.parameters,
        decode=measured.decode * default_bytes / model.size_bytes,
    )
    return Feel(speed.keystroke_ms, speed.prefill_ms(COLD_TOKENS) + speed.keystroke_ms)


def recommended(
    models: Sequence[Known], feels: Mapping[str, Feel], free_bytes: int
) -> Known | None:
    """The model with the most weights of those that are quick and fit into the free memory.

    `feels` are by the models' sources. None if there is no such model.
    """
    suiting = (
        model
        for model in models
        if feels[model.source].is_quick and model.memory_bytes <= free_bytes
    )
    return max(suiting, key=lambda model: model.parameters, default=None)
