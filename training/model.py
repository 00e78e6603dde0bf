"""Nano in PyTorch: a plain llama-architecture decoder with one dial for its size.

Its weights map one to one onto llama.cpp's `llama` architecture (see `export`): RMSNorm before
each part, rotary positions on interleaved pairs, grouped-query attention, SwiGLU, tied embeddings.
It leaves optimisation to `train` and prompts to the product.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.crossentropy import LinearCrossEntropy

ROPE_BASE = 10_000.0
NORM_EPS = 1e-5


@dataclass(frozen=True)
class Shape:
    """The numbers that fix a model's size; everything divides so that Q8_0 blocks of 32 fit."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    hidden: int

    @property
    def head_width(self) -> int:
        return self.width // self.heads


def shape(size: str, vocabulary: int) -> Shape:
    """The dial. `tiny` is for tests, `nano` for a CPU.

    For experiments `size` may be the numbers themselves, as in "256x4x4x2x704".
    """
    named = {"tiny": "64x2x2x1x192", "nano": "256x4x4x2x704"}
    width, layers, heads, kv_heads, hidden = map(int, named.get(size, size).split("x"))
    return Shape(vocabulary, width, layers, heads, kv_heads, hidden)


class Attention(nn.Module):
    """Causal grouped-query attention with rotary positions."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_width = s.heads, s.kv_heads, s.head_width
        self.q = nn.Linear(s.width, s.heads * s.head_width, bias=False)
        self.k = nn.Linear(s.width, s.kv_heads * s.head_width, bias=False)
        self.v = nn.Linear(s.width, s.kv_heads * s.head_width, bias=False)
        self.output = nn.Linear(s.heads * s.head_width, s.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        B, T, _ = x.shape
        q = self.q(x).view(B, T, self.heads, self.head_width).transpose(1, 2)
        k = self.k(x).view(B, T, self.kv_heads, self.head_width).transpose(1, 2)
        v = self.v(x).view(B, T, self.kv_heads, self.head_width).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = attend(q, k, v)
        out: Tensor = self.output(y.transpose(1, 2).reshape(B, T, -1))
        return out


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of queries [B, H, T, D] over keys and values [B, H / n, T, D]."""
    B, H, T, D = q.shape
    repeats = H // k.shape[1]
    if q.device.type != "cpu":
        k, v = k.repeat_interleave(repeats, dim=1), v.repeat_interleave(repeats, dim=1)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    # On a processor plain products are more than twice as fast as PyTorch's kernel (LOG.md).
    mask = torch.full((T, T), -1e4, dtype=q.dtype).triu(1).repeat(repeats, 1)
    q, k, v = q.reshape(-1, repeats * T, D), k.reshape(-1, T, D), v.reshape(-1, T, D)
    scores = torch.baddbmm(mask.expand(len(q), -1, -1), q * D**-0.5, k.mT)
    return (scores.softmax(-1) @ v).view(B, H, T, D)


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.gate = nn.Linear(s.width, s.hidden, bias=False)
        self.up = nn.Linear(s.width, s.hidden, bias=False)
        self.down = nn.Linear(s.hidden, s.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return out


class Block(nn.Module):
    """One layer: attention, then the feed-forward part, each normed before and added after."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(s.width, eps=NORM_EPS)
        self.attention = Attention(s)
        self.feed_norm = nn.RMSNorm(s.width, eps=NORM_EPS)
        self.feed = FeedForward(s)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        out: Tensor = x + self.feed(self.feed_norm(x))
        return out


class Model(nn.Module):
    """Token ids [B, T] to logits [B, T, V], or to a loss; positions count from 0 in every row."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.shape = s
        self.embedding = nn.Embedding(s.vocabulary, s.width)
        self.blocks = nn.ModuleList(Block(s) for _ in range(s.layers))
        self.norm = nn.RMSNorm(s.width, eps=NORM_EPS)
        self.apply(self._initialise)

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
        if isinstance(module, Attention):
            nn.init.zeros_(module.output.weight)
        elif isinstance(module, FeedForward):
            nn.init.zeros_(module.down.weight)

    def forward(
        self, ids: Tensor, next_ids: Tensor | None = None, weights: Tensor | None = None
    ) -> Tensor:
        """Logits, or, given what comes next, the weighted sum of its cross-entropies."""
        states = self.hidden(ids)
        if next_ids is None or weights is None:
            return F.linear(states, self.embedding.weight)
        flat = states.flatten(0, 1), next_ids.flatten(), weights.flatten()
        loss: Tensor = LinearCrossEntropy.apply(flat[0], self.embedding.weight, *flat[1:])  # type: ignore[no-untyped-call]
        return loss

    def hidden(self, ids: Tensor) -> Tensor:
        """The last layer's normed states [B, T, C], for losses that need few logits."""
        cos, sin = rotary(ids.shape[1], self.shape.head_width, ids.device)
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, cos, sin)
        out: Tensor = self.norm(x)
        return out


def rotary(length: int, head_width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """cos and sin [T, head_width / 2] of the rotary positions 0..T-1."""
    frequency = ROPE_BASE ** (-torch.arange(0, head_width, 2, device=device).float() / head_width)
    angle = torch.arange(length, device=device).float()[:, None] * frequency
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the interleaved pairs (x0, x1), as llama.cpp's `llama` architecture does."""
    even, odd = x[..., 0::2].float(), x[..., 1::2].float()
    turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    return turned.flatten(-2).to(x.dtype)


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


_NAMES = {
    "embedding": "token_embd",
    "norm": "output_norm",
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.output": "attn_output",
    "feed_norm": "ffn_norm",
    "feed.gate": "ffn_gate",
    "feed.up": "ffn_up",
    "feed.down": "ffn_down",
}


def llama_name(ours: str) -> str:
    """llama.cpp's name for a parameter: `blk.3.attn_q.bias` for `blocks.3.attention.q.bias`."""
    part, kind = ours.rsplit(".", 1)
    if not part.startswith("blocks."):
        return f"{_NAMES[part]}.{kind}"
    _, layer, part = part.split(".", 2)
    return f"blk.{layer}.{_NAMES[part]}.{kind}"
