"""Tiny models with random weights, a llama and a Mamba: real enough to be loaded."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

_WIDTH = 32
_INNER, _STATE, _KERNEL, _RANK = 64, 8, 4, 2


def begin(path: Path, architecture: str, *, context_length: int) -> gguf.GGUFWriter:
    """A GGUF of one layer, to which the caller adds a vocabulary before it is ended."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(context_length)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_WIDTH)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    return writer


def end(writer: gguf.GGUFWriter, *, n_tokens: int) -> None:
    """Add the weights, and write the file."""
    vector, square = (_WIDTH,), (_WIDTH, _WIDTH)
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (n_tokens, _WIDTH), "output_norm": vector}
    shapes["blk.0.attn_norm"] = vector
    shapes |= {f"blk.0.attn_{x}": square for x in ("q", "k", "v", "output")}
    shapes |= {f"blk.0.ffn_{x}": square for x in ("gate", "up", "down")}
    shapes |= {"blk.0.ffn_norm": vector}
    _write(writer, {f"{name}.weight": shape for name, shape in shapes.items()})


def begin_mamba(path: Path, *, context_length: int) -> gguf.GGUFWriter:
    """As `begin`, for a recurrent model, whose state cannot be cut back."""
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_context_length(context_length)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_ssm_conv_kernel(_KERNEL)
    writer.add_ssm_inner_size(_INNER)
    writer.add_ssm_state_size(_STATE)
    writer.add_ssm_time_step_rank(_RANK)
    writer.add_layer_norm_rms_eps(1e-5)
    return writer


def end_mamba(writer: gguf.GGUFWriter, *, n_tokens: int) -> None:
    """As `end`, for what `begin_mamba` began."""
    vector, inner = (_WIDTH,), (_INNER,)
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (n_tokens, _WIDTH)}
    shapes |= {"output_norm.weight": vector, "blk.0.attn_norm.weight": vector}
    layer: dict[str, tuple[int, ...]] = {
        "in.weight": (2 * _INNER, _WIDTH),
        "conv1d.weight": (_INNER, _KERNEL),
        "conv1d.bias": inner,
        "x.weight": (_RANK + 2 * _STATE, _INNER),
        "dt.weight": (_INNER, _RANK),
        "dt.bias": inner,
        "a": (_INNER, _STATE),
        "d": inner,
        "out.weight": (_WIDTH, _INNER),
    }
    _write(writer, shapes | {f"blk.0.ssm_{name}": shape for name, shape in layer.items()})


def _write(writer: gguf.GGUFWriter, shapes: dict[str, tuple[int, ...]]) -> None:
    rng = np.random.default_rng(0)
    for name, shape in shapes.items():
        weights = rng.standard_normal(shape).astype(np.float32)
        # Mamba's state decays: its A is negative.
        writer.add_tensor(name, -np.exp(weights) if name.endswith("ssm_a") else weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
