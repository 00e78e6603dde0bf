"""The model that knows nothing, to measure what the workspace cache does by itself.

It tokenises and names special tokens as the model it stands for; every token is equally likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sidelong.engine.mixture import DEFAULT
from sidelong.engine.model.protocol import Cancel, Evaluation, Model

NEVER = -99.0
"""Log-odds of what has no say."""


class Flat:
    """Another model's vocabulary without its opinion; implements `protocol.Model`.

    It is as unsure as can be, so the cache has most of the say. Where nothing matches, the end
    token is the first of equals: it stops, and does not write what is frequent everywhere.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.name = self.fingerprint = "workspace cache alone"
        self.special, self.budget = model.special, model.budget
        self.threshold, self.pieces, self.n_ctx = model.threshold, model.pieces, model.n_ctx
        fitted = model.mixture or DEFAULT
        self.mixture = replace(fitted, lengths=(NEVER, *fitted.lengths[1:]))

    def tokenize(self, text: str) -> list[int]:
        return self._model.tokenize(text)

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        cancel.check()
        logits = np.zeros((rows, len(self.pieces.pieces)), dtype=np.float32)
        logits[:, self.special.eos] = 1e-3
        return Evaluation(logits, evaluated=0)

    def forget(self) -> None:
        """There is no KV cache."""

    def close(self) -> None:
        self._model.close()
