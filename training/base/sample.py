"""Stage 3 of the base, its documents: blanks in the product's grammar, with and without chunks.

Prompts, windows, healing, retrieval and blanks are the product's functions, by way of `examples`.
Most documents have the whole budget, the rest less of it, as files and settings of users do.

    python -m training.base.sample --corpus WORK/train.jsonl --tokenizer WORK/tokenizer.json \\
        --out WORK/documents.npz
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sidelong.engine.prompt import Budget
from training import workers
from training.base import documents
from training.base.documents import Documents
from training.corpus import SourceFile
from training.edition import BASE
from training.examples import Parts, Sampling, drawn, packages, parts
from training.tokenizer import Vocabulary, load

WHOLE_BUDGET_SHARE = 0.7
LEAST_PREFIX = 64

SAMPLING = Sampling(chars_per_blank=2900, context_share=0.45, target_in_query_share=0.3)


def of_package(
    vocabulary: Vocabulary, files: Sequence[SourceFile], sampling: Sampling
) -> Iterator[tuple[Parts, bool]]:
    """The parts of a package's blanks, and whether the target was in the query."""
    rng = random.Random(f"{sampling.seed} {files[0].package} budgets")
    for found in drawn(files, sampling):
        made = parts(vocabulary, found.text, found.blank, found.hits, _budget(rng))
        yield made, found.target_in_query


def _budget(rng: random.Random) -> Budget:
    if rng.random() < WHOLE_BUDGET_SHARE:
        return BASE
    prefix, suffix = rng.randint(LEAST_PREFIX, BASE.prefix), rng.randint(0, BASE.suffix)
    return replace(BASE, prefix=prefix, suffix=suffix)


Job = tuple[Path, list[SourceFile], Sampling]


def _work(job: Job) -> tuple[str, Documents]:
    tokenizer, files, sampling = job
    found = of_package(load(tokenizer), files, sampling)
    made = documents.pack(
        ((p.suffix, p.prefix, p.target, p.context), in_query) for p, in_query in found
    )
    return files[0].package, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--chars-per-blank", type=int, default=SAMPLING.chars_per_blank)
    parser.add_argument("--context-share", type=float, default=SAMPLING.context_share)
    parser.add_argument("--seed", type=int, default=SAMPLING.seed)
    parser.add_argument("--out", type=Path, required=True)
    workers.add_options(parser)
    args = parser.parse_args()
    sampling = replace(
        SAMPLING,
        chars_per_blank=args.chars_per_blank,
        context_share=args.context_share,
        seed=args.seed,
    )
    jobs = [(args.tokenizer, files, sampling) for files in packages(args.corpus)]
    result = documents.join(workers.collect(args, _work, jobs))
    documents.write(args.out, result)
    print(f"{len(result)} documents, {len(result.tokens) / 1e6:.1f} M tokens in {args.out}")


if __name__ == "__main__":
    workers.main("training.base.sample")
