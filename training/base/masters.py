"""The weights that are trained, in float32; the model computes with the same ones, narrower.

On CUDA the model computes in bfloat16. Late in a run the layers' matrices pass through Q4_0, the
type they ship in, and the gradient straight through that (Bengio et al., 2013): so quantising
them in the end changes nothing that was not trained with.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from training.base.model import Qwen2

SIZE = 32
"""Numbers in a block of Q4_0, each block with one scale."""


def q4_0(w: Tensor) -> Tensor:
    """The nearest weights that Q4_0 can hold, by ggml's arithmetic; float32, in `w`'s shape.

    Packing them loses nothing: a block's largest number is a step of its scale again.
    """
    blocks = w.float().reshape(-1, SIZE)
    largest = blocks.gather(1, blocks.abs().argmax(1, keepdim=True))
    scale = largest / -8
    inverse = torch.where(scale == 0, 0, 1 / scale)
    steps = (blocks * inverse + 8.5).floor().clamp(0, 15) - 8
    return (steps * scale.half().float()).reshape(w.shape)


class Masters:
    """The float32 weights of a model; owns them, and fills in the model's own."""

    def __init__(self, model: Qwen2, dtype: torch.dtype) -> None:
        """Take `model`'s weights for the first masters; it computes in `dtype` from here on."""
        self.weights = {
            name: p.detach().float().clone().requires_grad_()
            for name, p in model.named_parameters()
        }
        self.layers = [
            name for name, w in self.weights.items() if w.ndim == 2 and "blocks." in name
        ]
        """The matrices that ship as Q4_0."""
        self.narrow: Callable[[Tensor], Tensor] = q4_0
        model.to(dtype)
        self._model = model

    def take_gradients(self) -> None:
        """Move the gradients of the model's weights to the masters."""
        for name, p in self._model.named_parameters():
            assert p.grad is not None, name
            self.weights[name].grad = p.grad.float()
            p.grad = None

    @torch.no_grad()
    def fill(self, *, quantised: bool) -> None:
        """Give the model the masters' weights, with the layers' as Q4_0 holds them if wished."""
        for name, p in self._model.named_parameters():
            p.copy_(self.shipped(name) if quantised else self.weights[name])

    @torch.no_grad()
    def shipped(self, name: str) -> Tensor:
        """A weight as its file will hold it, but for the embedding."""
        return self.narrow(self.weights[name]) if name in self.layers else self.weights[name]
