"""A checkpoint made of a GGUF again, with what quantisation left.

A run that was made elsewhere comes back as a GGUF: that is a quarter of a checkpoint's size.

    python -m training.restore MODEL.gguf --progress PROGRESS.json --out WORK/pretrain.pt
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import gguf
import torch

from training import checkpoints
from training.export import tensors
from training.model import Model, Shape


def from_gguf(path: Path) -> Model:
    """The model of a GGUF that `export` wrote."""
    reader = gguf.GGUFReader(path)
    found = {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        for tensor in reader.tensors
    }

    def number(key: str) -> int:
        return int(reader.fields[f"llama.{key}"].contents())

    shape = Shape(
        vocabulary=len(found["token_embd.weight"]),
        width=number("embedding_length"),
        layers=number("block_count"),
        heads=number("attention.head_count"),
        kv_heads=number("attention.head_count_kv"),
        hidden=number("feed_forward_length"),
    )
    model = Model(shape)
    with torch.no_grad():
        for name, weights in tensors(model).items():
            weights.copy_(torch.from_numpy(found[name].copy()))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--progress", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    progress = json.loads(args.progress.read_text(encoding="utf-8"))
    checkpoints.save(args.out, from_gguf(args.gguf), progress=progress)
    print(f"{args.out}: step {progress['step']}, {progress['tokens'] / 1e6:.1f} M tokens")


if __name__ == "__main__":
    main()
