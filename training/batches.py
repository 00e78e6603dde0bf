"""Batches of a few fixed shapes from packed examples, and the weight of each position.

Rows are whole examples padded to one of a few lengths. The order is a function of seed and epoch
alone, so a run can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.packed import Packed

Lengths = Sequence[int]

FINE: Lengths = range(64, 768 + 1, 32)
"""Rows are then 96 % full, instead of 88 % with five lengths (LOG.md)."""


@dataclass(frozen=True)
class Weights:
    """The share that each kind of position has in the loss of a batch.

    Pre-training reads all text and never learns the decision; the second stage learns the
    target and the decision only.
    """

    text: float
    target: float
    decision: float
    target_boost: float = 2.0
    """The weight of a token of the target over one of the text, where both count."""


PRETRAIN = Weights(text=1.0, target=1.0, decision=0.0)
TARGETS = Weights(text=0.0, target=1.0, decision=0.0)


@dataclass(frozen=True)
class Batch:
    """Inputs and next tokens [B, T] and, for each position, its weight in the loss."""

    ids: Tensor
    next_ids: Tensor
    weights: Tensor
    """Text and target sum to 1, and so does the decision times its weight."""
    targets: Tensor
    """The share of each position among those of the targets, all else 0."""

    def to(self, device: torch.device) -> Batch:
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def part(self, rank: int, count: int) -> Batch:
        """The rows of one of `count` ranks; the parts' losses add up to the whole's."""
        return self if count == 1 else self._each(lambda tensor: tensor[rank::count])

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(*(change(getattr(self, field.name)) for field in fields(self)))


def plan(
    data: Packed, *, seed: int, epoch: int, batch_tokens: int, lengths: Lengths = FINE
) -> list[npt.NDArray[np.int64]]:
    """Which examples make which batch; a batch's examples share one of `lengths`."""
    rng = np.random.default_rng([seed, epoch])
    waiting: dict[int, list[int]] = {length: [] for length in lengths}
    batches = []
    for i in rng.permutation(len(data)):
        length = padded(int(data.lengths[i]), lengths)
        waiting[length].append(int(i))
        if len(waiting[length]) == rows(length, batch_tokens):
            batches.append(np.array(waiting[length]))
            waiting[length] = []
    return batches + [np.array(rest) for rest in waiting.values() if rest]


def padded(length: int, lengths: Lengths) -> int:
    """The least of `lengths` that holds `length` tokens less one, which has no next."""
    return next((fixed for fixed in lengths if fixed >= length - 1), lengths[-1])


def rows(length: int, batch_tokens: int) -> int:
    return max(1, batch_tokens // length)


def batch(
    data: Packed,
    chosen: npt.NDArray[np.int64],
    weights: Weights,
    *,
    batch_tokens: int,
    lengths: Lengths = FINE,
) -> Batch:
    """The chosen examples; rows that are lacking are padding and count nothing."""
    length = max(padded(int(data.lengths[i]), lengths) for i in chosen)
    n_rows = rows(length, batch_tokens)
    ids = np.zeros((n_rows, length + 1), dtype=np.int64)
    kinds = np.zeros((n_rows, length), dtype=np.int8)
    for row, i in enumerate(chosen):
        tokens = data.tokens[data.starts[i] : data.starts[i + 1]][: length + 1]
        ids[row, : len(tokens)] = tokens
        kinds[row, : len(tokens) - 1] = _TEXT
        kinds[row, data.middle[i] : len(tokens) - 1] = _TARGET
        kinds[row, data.eof[i]] = _DECISION
    return Batch(
        ids=torch.from_numpy(ids[:, :-1].copy()),
        next_ids=torch.from_numpy(ids[:, 1:].copy()),
        weights=torch.from_numpy(_loss_weights(kinds, weights)),
        targets=torch.from_numpy(_loss_weights(kinds, TARGETS)),
    )


_TEXT, _TARGET, _DECISION = 1, 2, 3


def _loss_weights(kinds: npt.NDArray[np.int8], weights: Weights) -> npt.NDArray[np.float32]:
    """Text and target share one mean over tokens, the decision has a mean of its own."""
    tokens = weights.text * (kinds == _TEXT)
    tokens = tokens + weights.target * weights.target_boost * (kinds == _TARGET)
    decision = (kinds == _DECISION).astype(np.float64)
    total: npt.NDArray[np.float64] = tokens / max(tokens.sum(), 1.0)
    total += weights.decision * decision / max(decision.sum(), 1.0)
    return total.astype(np.float32)


def endless(
    data: Packed, *, seed: int, batch_tokens: int, skip: int, lengths: Lengths = FINE
) -> Iterator[npt.NDArray[np.int64]]:
    """Batches of all epochs, from the `skip`-th on."""
    epoch = 0
    while True:
        batches = plan(data, seed=seed, epoch=epoch, batch_tokens=batch_tokens, lengths=lengths)
        yield from batches[skip:]
        skip = max(0, skip - len(batches))
        epoch += 1
