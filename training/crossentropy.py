"""Cross-entropy over the vocabulary in pieces, so that a processor's cache holds the logits.

On two cores the softmax over 4,096 tokens, written to memory and read again four times, took a
third of a step; here each piece of it is used up before the next is made (LOG.md). On a GPU the
plain form compiles to the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

ROWS = 256
"""Positions in a piece: 4 MB of logits with 4,096 tokens."""


class LinearCrossEntropy(torch.autograd.Function):
    """sum(weights * cross-entropy(states @ vocabulary.T, next_ids)), and its gradients at once."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, vocabulary: Tensor, next_ids: Tensor, weights: Tensor
    ) -> Tensor:
        """`states` [N, C] and `vocabulary` [V, C]; `next_ids` and `weights` [N]; a scalar."""
        read, rows = states.to(torch.bfloat16), vocabulary.to(torch.bfloat16)
        to_states, to_vocabulary = torch.empty_like(read), torch.zeros_like(vocabulary)
        total = torch.zeros((), device=states.device)
        for start in range(0, len(read), ROWS):
            piece = slice(start, start + ROWS)
            wanted, weight = next_ids[piece, None], weights[piece, None]
            logits = (read[piece] @ rows.T).float()
            norm = logits.logsumexp(-1, keepdim=True)
            total += ((norm - logits.gather(1, wanted)) * weight).sum()
            gradient = logits.sub_(norm).exp_().mul_(weight).scatter_add_(1, wanted, -weight)
            narrow = gradient.to(torch.bfloat16)
            to_states[piece] = narrow @ rows
            to_vocabulary += narrow.T @ read[piece]
        ctx.save_for_backward(to_states.to(states.dtype), to_vocabulary)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        to_states, to_vocabulary = ctx.saved_tensors
        return to_states * gradient, to_vocabulary * gradient, None, None
