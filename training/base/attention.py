"""The attention mask of a row: earlier tokens of the same document, shared or of the same branch.

On CUDA FlexAttention computes only the blocks that hold something to see; it has no gradient on a
processor, where a plain mask does. Both are held to be the same by a test.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from training.base.rows import SHARED

BLOCK = 128

Mask = Tensor | BlockMask
"""A plain one is [B, 1, T, T], True where the query (third) sees the key (fourth)."""

Rule = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def rule(documents: Tensor, branches: Tensor) -> Rule:
    """FlexAttention's form of the mask, for `documents` and `branches` [B, T]."""

    def sees(b: Tensor, _head: Tensor, q: Tensor, k: Tensor) -> Tensor:
        same_branch = (branches[b, k] == SHARED) | (branches[b, k] == branches[b, q])
        return (q >= k) & (documents[b, q] == documents[b, k]) & same_branch

    return sees


def plain(sees: Rule, batch: int, length: int, *, device: torch.device) -> Tensor:
    """Every pair asked."""
    b = torch.arange(batch, device=device)[:, None, None, None]
    i = torch.arange(length, device=device)
    return sees(b, b, i[None, None, :, None], i[None, None, None, :])


def blocks(sees: Rule, starts: Tensor) -> BlockMask:
    """Of each block of queries, the blocks from its first document's start on; `starts` [B, T].

    Documents are contiguous, so no other block can hold a pair. PyTorch's own way, asking for
    every pair, kept the compiler busy for over a minute at 4 rows of 16,384 (LOG.md).
    """
    first = starts[:, ::BLOCK] // BLOCK
    n = first.shape[1]
    i = torch.arange(n, device=starts.device)
    number = i - first + 1
    indices = (first[:, :, None] + i).clamp_max(n - 1)
    return BlockMask.from_kv_blocks(
        number[:, None].int().contiguous(),
        indices[:, None].int().contiguous(),
        BLOCK_SIZE=BLOCK,
        mask_mod=sees,
    )


class Masks:
    """Makes each batch's mask; owns the tensors that a compiled mask reads, which must stay."""

    def __init__(self, batch: int, length: int, device: torch.device) -> None:
        self._documents = torch.zeros(batch, length, dtype=torch.int32, device=device)
        self._branches = torch.zeros_like(self._documents)
        self._sees = rule(self._documents, self._branches)

    def of(self, documents: Tensor, branches: Tensor, starts: Tensor) -> Mask:
        """The mask of a batch [B, T]; it holds until the next one is made."""
        self._documents.copy_(documents)
        self._branches.copy_(branches)
        if documents.is_cuda:
            return blocks(self._sees, starts)
        return plain(self._sees, *starts.shape, device=starts.device)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Mask) -> Tensor:
    """Masked attention of queries [B, H, T, D] over keys and values [B, H / n, T, D].

    On CUDA whoever calls this is compiled, or FlexAttention holds the scores of every pair.
    """
    if isinstance(mask, BlockMask):
        found = flex_attention(q, k, v, block_mask=mask, enable_gqa=True)
        assert isinstance(found, Tensor)
        return found
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
