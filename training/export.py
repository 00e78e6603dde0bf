"""Stage 4 of nano, its end: the checkpoint as a GGUF that llama.cpp runs.

Its threshold, and how much the workspace cache has to say, come later (`card`).

    python -m training.export --checkpoint WORK/pretrain.pt --tokenizer WORK/tokenizer.json \\
        --edition nano --out WORK/pretrain.gguf
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from sidelong.engine.prompt import Budget
from training import checkpoints, metadata, modelfile
from training.edition import NANO, NANO_SERVED
from training.model import NORM_EPS, ROPE_BASE, Model, llama_name
from training.modelfile import ModelFile
from training.tokenizer import PRE_TOKENIZER, Vocabulary, load

AUTHOR = "the sidelong contributors"


def model_file(
    model: Model, vocabulary: Vocabulary, edition: str, budget: Budget, *, kind: str
) -> ModelFile:
    """The model with its matrices as `kind` of `modelfile.TYPES`."""
    fields = {
        **metadata.about(edition, AUTHOR, budget),
        **metadata.shape("llama", model.shape, NANO.total, rope_base=ROPE_BASE, norm_eps=NORM_EPS),
        **metadata.vocabulary(vocabulary, PRE_TOKENIZER),
        **modelfile.file_type(kind),
    }
    packed = {name: modelfile.pack(w.numpy(), kind) for name, w in tensors(model).items()}
    return ModelFile("llama", fields, packed)


def tensors(model: Model) -> dict[str, torch.Tensor]:
    """llama.cpp's names for the weights; `output.weight` is left out, so embeddings are tied."""
    state = {name: w.detach().float().cpu() for name, w in model.state_dict().items()}
    return {llama_name(name): w for name, w in state.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--edition", default="dev")
    parser.add_argument("--type", choices=sorted(modelfile.TYPES), default="q8_0")
    parser.add_argument(
        "--context", type=int, default=NANO_SERVED.context, help="tokens of chunks in a prompt"
    )
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    budget = replace(NANO_SERVED, context=args.context)
    model, vocabulary = checkpoints.load(args.checkpoint), load(args.tokenizer)
    modelfile.write(args.out, model_file(model, vocabulary, args.edition, budget, kind=args.type))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
