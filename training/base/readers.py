"""The two models reading a batch of rows: the one that learns, and its teacher."""

from __future__ import annotations

import torch
from torch import Tensor

from training.base.attention import Masks
from training.base.losses import Taught
from training.base.model import Qwen2
from training.base.rows import Rows


class Student:
    """The model that learns, in our grammar; owns the mask of its batches, all of one shape."""

    def __init__(self, model: Qwen2, n_rows: int, length: int) -> None:
        self.model = model
        self._masks = Masks(n_rows, length, model.embedding.weight.device)

    def read(self, rows: Rows[Tensor]) -> Tensor:
        """The last states of every position [B * T, C]."""
        mask = self._masks.of(rows.documents, rows.branches, rows.starts)
        states: Tensor = self.model(rows.ids, rows.positions, mask)
        return states.flatten(0, 1)


class Teacher:
    """The whole model, in its own grammar; owns the mask of its batches, all of one shape."""

    def __init__(self, model: Qwen2, n_rows: int, length: int) -> None:
        self.model = model.requires_grad_(False)
        device = model.embedding.weight.device
        self._masks = Masks(n_rows, length, device)
        self._shared = torch.zeros(n_rows, length, dtype=torch.int32, device=device)

    @torch.no_grad()
    def read(self, rows: Rows[Tensor]) -> Tensor:
        """Its last states [B, T, C], by its own positions."""
        mask = self._masks.of(rows.teacher_documents, self._shared, rows.teacher_starts)
        states: Tensor = self.model(rows.teacher_ids, rows.teacher_positions, mask)
        return states

    def teach(self, rows: Rows[Tensor], weights: Tensor) -> Taught:
        """Its states at the student's positions, with the weight [B * T] of each.

        They mean nothing where the teacher has no position; there the weight is 0.
        """
        states = self.read(rows)
        n_rows, length, width = states.shape
        first = torch.arange(n_rows, device=states.device)[:, None] * length
        chosen = states.reshape(-1, width)[(rows.taught.clamp_min(0) + first).flatten()]
        return Taught(chosen, self.model.embedding.weight, weights)
