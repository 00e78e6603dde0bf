"""Stage 10, the card: edition, threshold and the cache's share in a model's file.

    python -m training.card MODEL.gguf --mixture WORK/mixture.json --report WORK/report.json \\
        --edition fourth --embedding q5_0 --out server/sidelong/data/default.gguf
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sidelong.engine.model.profile import NO_MIXTURE
from training import mixture, modelfile
from training.modelfile import EMBEDDING, TYPES, Field, ModelFile, real, text


def embedding_as(model: ModelFile, kind: str) -> ModelFile:
    """The same with its embedding packed as `kind` of `modelfile.TYPES`."""
    found = model.tensors[EMBEDDING]
    if found.type == TYPES[kind]:
        return model
    return model.holding({EMBEDDING: modelfile.pack(found.floats(), kind)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--edition")
    parser.add_argument("--author", help="whose work the weights are")
    cache = parser.add_mutually_exclusive_group()
    cache.add_argument("--mixture", type=Path, help="the cache's share as `mixture` fitted it")
    cache.add_argument("--no-cache", action="store_true", help="the model writes better alone")
    parser.add_argument("--report", type=Path, help="take the threshold that `evaluate` chose")
    parser.add_argument("--embedding", choices=sorted(TYPES), help="pack the embedding as this")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    said: dict[str, Field] = {}
    if args.edition:
        said["general.name"] = text(f"sidelong, edition {args.edition}")
        said["sidelong.edition"] = text(args.edition)
    if args.author:
        said["general.author"] = text(args.author)
    if args.mixture:
        said["sidelong.cache.mixture"] = text(mixture.read(args.mixture).text())
    if args.no_cache:
        said["sidelong.cache.mixture"] = text(NO_MIXTURE)
    if args.report:
        threshold = json.loads(args.report.read_text(encoding="utf-8"))["threshold"]
        said["sidelong.gate.threshold"] = real(threshold)
    model = modelfile.read(args.model).saying(said)
    if args.embedding:
        model = embedding_as(model, args.embedding)
    modelfile.write(args.out, model)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
