"""A model that knows nothing, to measure the workspace cache by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sidelong.engine.mixture import DEFAULT
from sidelong.engine.model.protocol import Cancel, Evaluation, Model

NEVER = -99.0
"""Log-odds with no weight."""


class Flat:
    """Another model's vocabulary without its opinion; implements `protocol.Model`.

    Every token is equally likely, so the cache has most of the weight. Where nothing matches, the
    end token comes first by a hair: the text stops, and no token is written for being frequent.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.name = self.fingerprint = "workspace cache alone"
        self.special, self.budget = model.special, model.budget
        self.threshold, self.pieces, self.n_ctx = model.threshold, model.pieces, model.n_ctx
        self.formula = model.formula
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
