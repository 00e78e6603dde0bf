"""The base model in PyTorch: llama.cpp's `qwen2` architecture, whole or cut.

It differs from nano's in three things: queries, keys and values have biases, rotary positions turn
halves instead of neighbours, and positions and mask come from the caller.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.base.attention import Mask, attend
from training.model import FeedForward, Shape, llama_name
from training.modelfile import EMBEDDING, ModelFile, pack
from training.modelfile import Tensor as Packed


class Attention(nn.Module):
    """Grouped-query attention with rotary positions."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_width = s.heads, s.kv_heads, s.head_width
        self.q = nn.Linear(s.width, s.heads * s.head_width)
        self.k = nn.Linear(s.width, s.kv_heads * s.head_width)
        self.v = nn.Linear(s.width, s.kv_heads * s.head_width)
        self.output = nn.Linear(s.heads * s.head_width, s.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Mask) -> Tensor:
        B, T, _ = x.shape
        q = self.q(x).view(B, T, self.heads, self.head_width).transpose(1, 2)
        k = self.k(x).view(B, T, self.kv_heads, self.head_width).transpose(1, 2)
        v = self.v(x).view(B, T, self.kv_heads, self.head_width).transpose(1, 2)
        y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, mask)
        out: Tensor = self.output(y.transpose(1, 2).reshape(B, T, -1))
        return out


class Block(nn.Module):
    """One layer: attention, then the feed-forward part, each normed before and added after."""

    def __init__(self, s: Shape, norm_eps: float) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(s.width, eps=norm_eps)
        self.attention = Attention(s)
        self.feed_norm = nn.RMSNorm(s.width, eps=norm_eps)
        self.feed = FeedForward(s)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Mask) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin, mask)
        out: Tensor = x + self.feed(self.feed_norm(x))
        return out


class Qwen2(nn.Module):
    """Token ids [B, T] to the last normed states [B, T, C]; the embedding is tied to the output."""

    def __init__(self, s: Shape, *, rope_base: float, norm_eps: float) -> None:
        super().__init__()
        self.shape, self.rope_base = s, rope_base
        self.embedding = nn.Embedding(s.vocabulary, s.width)
        self.blocks = nn.ModuleList(Block(s, norm_eps) for _ in range(s.layers))
        self.norm = nn.RMSNorm(s.width, eps=norm_eps)

    def forward(self, ids: Tensor, positions: Tensor, mask: Mask) -> Tensor:
        cos, sin = rotary(positions, self.shape.head_width, self.rope_base)
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        out: Tensor = self.norm(x)
        return out

    def compile_each(self, part: str) -> None:
        """Compile the blocks, or their part of that name; those of one shape are compiled once."""
        for block in self.blocks:
            block.get_submodule(part).compile(dynamic=False)


def rotary(positions: Tensor, head_width: int, base: float) -> tuple[Tensor, Tensor]:
    """cos and sin [B, 1, T, head_width / 2] of the positions [B, T]."""
    halves = torch.arange(0, head_width, 2, device=positions.device).float()
    angle = positions.float()[:, None, :, None] * base ** (-halves / head_width)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs of one entry of each half, as llama.cpp's `qwen2` does."""
    a, b = x.float().chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1).to(x.dtype)


def shape_of(file: ModelFile) -> Shape:
    """The shape that a GGUF says it has."""
    return Shape(
        vocabulary=len(file.tensors[EMBEDDING].data),
        width=int(file.number("embedding_length")),
        layers=int(file.number("block_count")),
        heads=int(file.number("attention.head_count")),
        kv_heads=int(file.number("attention.head_count_kv")),
        hidden=int(file.number("feed_forward_length")),
    )


def load(file: ModelFile, device: torch.device) -> Qwen2:
    """The model of a GGUF of that architecture, in float32."""
    with torch.device("meta"):
        model = Qwen2(
            shape_of(file),
            rope_base=file.number("rope.freq_base"),
            norm_eps=file.number("attention.layer_norm_rms_epsilon"),
        )
    weights = {
        name: torch.from_numpy(file.tensors[llama_name(name)].floats().copy()).to(device)
        for name in model.state_dict()
    }
    model.load_state_dict(weights, assign=True)
    return model


def tensors(weights: Mapping[str, Tensor], layers: str, embedding: str) -> dict[str, Packed]:
    """Weights by their PyTorch names as a GGUF holds them: packed as these of `modelfile.TYPES`."""
    packed = {}
    for name, values in weights.items():
        theirs = llama_name(name)
        wanted = embedding if theirs == EMBEDDING else layers
        packed[theirs] = pack(values.detach().float().cpu().numpy(), wanted)
    return packed
