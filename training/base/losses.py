"""The loss: cross-entropy of the next token, and divergence from the teacher's distribution.

The logits of a whole batch would fill the memory, so they are made piece by piece, and the
gradients with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

PIECE = 8192
"""Positions whose logits are held at once while training."""

SHORT_PIECE = 2048
"""The same for those few that are only looked at."""


@dataclass(frozen=True, eq=False)
class Taught:
    """The teacher's states at the same positions, and their weights."""

    states: Tensor
    """[N, C]"""
    vocabulary: Tensor
    """[V, C]"""
    weights: Tensor
    """Of the divergence at each position [N]."""

    def piece(self, s: slice) -> tuple[Tensor, Tensor, Tensor]:
        return self.states[s], self.vocabulary, self.weights[s]


def cross_entropies(states: Tensor, vocabulary: Tensor, next_ids: Tensor) -> Tensor:
    """Of each position [N], given states [N, C] and embedding [V, C]."""
    logits = F.linear(states, vocabulary).float()
    return logits.logsumexp(-1) - logits.gather(1, next_ids[:, None])[:, 0]


def gradients(
    states: Tensor,
    vocabulary: Tensor,
    next_ids: Tensor,
    weights: Tensor,
    taught_states: Tensor | None = None,
    taught_vocabulary: Tensor | None = None,
    taught_weights: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cross-entropies and divergences [N], and the gradients of their weighted sum to states and
    vocabulary."""
    logits = F.linear(states, vocabulary).float().log_softmax(-1)
    given = torch.arange(logits.shape[1], device=logits.device) == next_ids[:, None]
    entropy = -logits.gather(1, next_ids[:, None])[:, 0]
    divergence = torch.zeros_like(entropy)
    gradient = weights[:, None] * (logits.exp() - given.float())
    if taught_states is not None and taught_vocabulary is not None and taught_weights is not None:
        taught = F.linear(taught_states, taught_vocabulary).float().log_softmax(-1)
        divergence = (taught.exp() * (taught - logits)).sum(-1)
        gradient = gradient + taught_weights[:, None] * (logits.exp() - taught.exp())
    narrow = gradient.to(states.dtype)
    return entropy, divergence, narrow @ vocabulary, narrow.t() @ states


class Losses:
    """The functions that compute; compiled on CUDA, where the plain ones would fill the memory."""

    def __init__(self, *, compiled: bool) -> None:
        self._entropies = cross_entropies
        self.gradients = gradients
        if compiled:
            self._entropies = torch.compile(cross_entropies, dynamic=False)
            self.gradients = torch.compile(gradients, dynamic=False)

    @torch.no_grad()
    def each(self, states: Tensor, vocabulary: Tensor, next_ids: Tensor) -> Tensor:
        """The cross-entropy of each position [N], without gradients."""
        padding = -len(states) % SHORT_PIECE  # each size would be compiled
        read, wanted = F.pad(states, (0, 0, 0, padding)), F.pad(next_ids, (0, padding))
        found = torch.empty(len(read), device=read.device)
        for start in range(0, len(read), SHORT_PIECE):
            s = slice(start, start + SHORT_PIECE)
            found[s] = self._entropies(read[s], vocabulary, wanted[s])
        return found[: len(states)]

    def total(
        self,
        states: Tensor,
        vocabulary: Tensor,
        next_ids: Tensor,
        weights: Tensor,
        taught: Taught | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The weighted sum, and each position's cross-entropy and divergence [N] for the log."""
        found: tuple[Tensor, Tensor, Tensor] = _Total.apply(  # type: ignore[no-untyped-call]
            states, vocabulary, next_ids, weights, taught, self
        )
        return found


class _Total(torch.autograd.Function):
    """The sum with its gradients, piece by piece."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        vocabulary: Tensor,
        next_ids: Tensor,
        weights: Tensor,
        taught: Taught | None,
        losses: Losses,
    ) -> tuple[Tensor, Tensor, Tensor]:
        to_states = torch.empty_like(states)
        to_vocabulary = torch.zeros_like(vocabulary, dtype=torch.float32)
        entropy = torch.empty(len(states), device=states.device)
        divergence = torch.empty_like(entropy)
        for start in range(0, len(states), PIECE):
            s = slice(start, start + PIECE)
            also = () if taught is None else taught.piece(s)
            entropy[s], divergence[s], to_states[s], added = losses.gradients(
                states[s], vocabulary, next_ids[s], weights[s], *also
            )
            to_vocabulary += added
        ctx.save_for_backward(to_states, to_vocabulary.to(vocabulary.dtype))
        ctx.mark_non_differentiable(entropy, divergence)
        total = (weights * entropy).sum()
        if taught is not None:
            total = total + (taught.weights * divergence).sum()
        return total, entropy, divergence

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, gradient: Tensor, *_: Tensor
    ) -> tuple[Tensor, Tensor, None, None, None, None]:
        to_states, to_vocabulary = ctx.saved_tensors
        return gradient * to_states, gradient * to_vocabulary, None, None, None, None
