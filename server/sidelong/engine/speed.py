"""The speed of a model on this machine: tokens read and written per second, measured once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from sidelong.engine.model.protocol import Cancel, Model

READ: Final = 128
WRITTEN: Final = 8
TRIALS: Final = 3

ENOUGH_S: Final = 3.0
"""After so many seconds no further trial begins: a large model on a slow machine gets one."""

_CODE: Final = """\
class Stack:
    def __init__(self, items=()):
        self.items = list(items)

    def push(self, item):
        self.items.append(item)
        return self

    def pop(self, default=None):
        return self.items.pop() if self.items else default
"""


@dataclass(frozen=True)
class Speed:
    """Tokens per second."""

    prefill: float
    decode: float

    @property
    def keystroke_ms(self) -> float:
        """Milliseconds from a key to a suggestion: 5 tokens read, 12 written."""
        return 1000 * (5 / self.prefill + 12 / self.decode)

    def prefill_ms(self, n_tokens: int) -> float:
        """Milliseconds to read so many tokens."""
        return 1000 * n_tokens / self.prefill


def measure(model: Model, cancel: Cancel) -> Speed:
    """The best of a few trials, since other programs can only make them slower.

    Takes about 2 seconds with the default model on a slow laptop; empties the KV cache.
    Raises `Stopped` when `cancel` is set.
    """
    tokens = model.tokenize(_CODE * 8)[: READ + WRITTEN]
    prefills: list[float] = []
    decodes: list[float] = []
    while len(prefills) < TRIALS and sum(prefills) + sum(decodes) < ENOUGH_S:
        model.forget()
        start = time.perf_counter()
        model.evaluate(tokens[:READ], rows=1, cancel=cancel)
        read = time.perf_counter()
        for n in range(READ + 1, len(tokens) + 1):
            model.evaluate(tokens[:n], rows=1, cancel=cancel)
        prefills.append(read - start)
        decodes.append(time.perf_counter() - read)
    model.forget()
    return Speed(prefill=READ / min(prefills), decode=WRITTEN / min(decodes))
