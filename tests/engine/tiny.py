"""A tiny llama with random weights: real enough to be loaded."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

_WIDTH = 32


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
    rng = np.random.default_rng(0)
    vector, square = (_WIDTH,), (_WIDTH, _WIDTH)
    shapes = {"token_embd": (n_tokens, _WIDTH), "output_norm": vector, "blk.0.attn_norm": vector}
    shapes |= {f"blk.0.attn_{x}": square for x in ("q", "k", "v", "output")}
    shapes |= {f"blk.0.ffn_{x}": square for x in ("gate", "up", "down")}
    shapes |= {"blk.0.ffn_norm": vector}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", rng.standard_normal(shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
