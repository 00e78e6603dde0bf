"""Logits of places in the KV cache, so that going the same way again takes no pass.

Somebody who types what the model was too unsure to show asks for the same tokens at every key.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from sidelong.engine.model.protocol import Logits

MOST_BYTES = 4_000_000
"""37 places of the default model."""


class Rows:
    """Rows of logits [V] by their places; the one that was used least recently goes first.

    Owned by the thread that owns the model. A place stands for all tokens of the cache up to it.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._at: OrderedDict[int, Logits] = OrderedDict()  # latest last

    def keep(self, place: int, row: Logits) -> None:
        """Keep a copy of the row after the token at `place`."""
        self._at[place] = row.copy()
        self._at.move_to_end(place)
        while len(self._at) * row.nbytes > self._most_bytes:
            self._at.popitem(last=False)

    def take(self, start: int, end: int) -> Logits | None:
        """Copies of the rows [end - start, V] from `start` to before `end`; None if one lacks."""
        if not all(place in self._at for place in range(start, end)):
            return None
        for place in range(start, end):
            self._at.move_to_end(place)
        return np.stack([self._at[place] for place in range(start, end)])

    def forget_from(self, place: int) -> None:
        """Forget the rows from this place on: the cache holds something else there."""
        for later in [at for at in self._at if at >= place]:
            del self._at[later]
