"""Stage 2 of the base, its teacher: the source model whole, on our vocabulary.

Rows of its embedding are chosen, not changed, so it says of each token what it said before.
It still reads the prefix first; a model cut from it learns our order.

    python -m training.base.teacher --source QWEN.gguf --tokenizer WORK/tokenizer.json \\
        --edition fourth --out WORK/teacher.gguf
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training import metadata, modelfile
from training.base.model import shape_of
from training.base.vocabulary import PRE_TOKENIZER, said
from training.edition import BASE
from training.modelfile import EMBEDDING, ModelFile, Tensor
from training.tokenizer import SPECIAL, Vocabulary, load

AUTHOR = "Alibaba Cloud (Qwen2.5-Coder, of which this is a part) and the sidelong contributors"

THEIRS = dict(
    zip(
        SPECIAL,
        [
            "<|endoftext|>",
            "<|fim_prefix|>",
            "<|fim_middle|>",
            "<|fim_suffix|>",
            "<|file_sep|>",
            "<|fim_pad|>",
            "<|repo_name|>",
        ],
        strict=True,
    )
)
"""Whose rows our special tokens take; the last two, of the decision, only fill a place."""

OUTPUT = "output.weight"

LENGTH = 2048
"""Tokens for which the file says it is made; the source was for more, but healing reads these."""


def teacher(source: ModelFile, vocabulary: Vocabulary, edition: str) -> ModelFile:
    """The source with the rows of our vocabulary alone."""
    chosen = rows(said(source)[0], vocabulary)
    # The Q4_K_M file keeps a finer copy of the embedding for the output, though they are tied.
    embedding = source.tensors.get(OUTPUT, source.tensors[EMBEDDING])
    layers = {name: t for name, t in source.tensors.items() if name not in (EMBEDDING, OUTPUT)}
    shape = replace(shape_of(source), vocabulary=vocabulary.size)
    fields = {
        **metadata.about(edition, AUTHOR, BASE),
        **metadata.shape(
            source.architecture,
            shape,
            LENGTH,
            rope_base=source.number("rope.freq_base"),
            norm_eps=source.number("attention.layer_norm_rms_epsilon"),
        ),
        **metadata.vocabulary(vocabulary, PRE_TOKENIZER),
    }
    chosen_rows = Tensor(embedding.data[chosen], embedding.type)
    return ModelFile(source.architecture, fields, {EMBEDDING: chosen_rows, **layers})


def rows(texts: Sequence[str], vocabulary: Vocabulary) -> list[int]:
    """The source's id of each of our tokens."""
    ids = {text: i for i, text in enumerate(texts)}
    return [ids[THEIRS.get(text, text)] for text in vocabulary.texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--edition", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    source, vocabulary = modelfile.read(args.source), load(args.tokenizer)
    modelfile.write(args.out, teacher(source, vocabulary, args.edition))
    print(f"{args.out}: {vocabulary.size} tokens, {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
