"""Stage 3, the examples: blanks of the corpus as sequences in the product's own grammar.

Prompts, windows, healing, retrieval and blanks are the product's functions, never copies.
Half of the examples have retrieved context; of those, half retrieve with the target's lines in
the query, as Repoformer does, and half without, as a user's cursor does.

    python -m training.examples --corpus WORK/train.jsonl --tokenizer WORK/tokenizer.json \\
        --out WORK/train.npz
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sidelong import prompt, retrieval, window
from sidelong.evaluation.blanks import Blank, sample_blanks
from sidelong_index import Exclusion, Hit, Snapshot, build, query_around
from training import packed
from training.corpus import SourceFile, read
from training.edition import BUDGET
from training.packed import Example, Packed
from training.tokenizer import Vocabulary, load

MAX_CHUNKS = 6


@dataclass(frozen=True)
class Sampling:
    """How many examples, and of what form."""

    chars_per_blank: int = 1200
    context_share: float = 0.5
    target_in_query_share: float = 0.5
    seed: int = 1


def exclusion(file: SourceFile, blank: Blank) -> Exclusion:
    """The blank's lines and those around it, in a snapshot that holds the whole file."""
    first, _ = query_around(file.text, blank.start)[1]
    _, last = query_around(file.text, blank.end)[1]
    return Exclusion(file.path, first, last)


def retrieve(
    snapshot: Snapshot, file: SourceFile, blank: Blank, *, target_in_query: bool
) -> list[Hit]:
    """The chunks for a blank of `file`; none overlaps the blank or the lines around it."""
    seen = file.text if target_in_query else file.text[: blank.start] + file.text[blank.end :]
    return retrieval.retrieve(
        snapshot,
        path=file.path,
        text=seen,
        offset=blank.start,
        k=MAX_CHUNKS,
        exclude=exclusion(file, blank),
    )


def example(
    vocabulary: Vocabulary,
    text: str,
    blank: Blank,
    hits: Sequence[Hit],
    *,
    budget: prompt.Budget = BUDGET,
) -> Example:
    """The sequence of one blank: as retrieving if there are hits, else as abstaining.

    A target that outgrows the budget is cut and then has no end token.
    """
    special, tokenize = vocabulary.special, vocabulary.tokenize
    before, after = text[: blank.start], text[blank.end :]
    prefix = window.prefix_tokens(before, tokenize=tokenize, budget=budget.prefix)
    suffix = window.suffix_tokens(after, tokenize=tokenize, budget=budget.suffix)
    kept, removed = vocabulary.pieces.split(prefix)
    target = [*tokenize(removed.decode() + text[blank.start : blank.end]), special.eos]
    looked = prompt.look(special, suffix=suffix, prefix=kept)
    context = prompt.context(special, hits, tokenize=tokenize, budget=budget.context)
    asked = (
        prompt.retrieve(special, looked, context) if context else prompt.abstain(special, looked)
    )
    tokens = asked + target[: budget.generated]
    return Example(tokens, eof=len(looked) - 1, middle=len(asked) - 1)


def of_package(
    vocabulary: Vocabulary, files: Sequence[SourceFile], sampling: Sampling
) -> Iterator[Example]:
    """The examples of one package; its own files are all that is retrieved from."""
    snapshot = build([(file.path, file.text) for file in files])
    for file in files:
        rng = random.Random(f"{sampling.seed} {file.package} {file.path}")
        n = len(file.text) / sampling.chars_per_blank
        for blank in sample_blanks(file.text, rng=rng, n=int(n + rng.random())):
            hits: list[Hit] = []
            if rng.random() < sampling.context_share:
                with_target = rng.random() < sampling.target_in_query_share
                hits = retrieve(snapshot, file, blank, target_in_query=with_target)
            yield example(vocabulary, file.text, blank, hits)


def packages(corpus: Path) -> list[list[SourceFile]]:
    """The corpus by package; files of one package stand together in it."""
    grouped = itertools.groupby(read(corpus), key=lambda file: file.package)
    return [list(files) for _, files in grouped]


def _work(job: tuple[Path, list[SourceFile], Sampling]) -> tuple[str, Packed]:
    tokenizer, files, sampling = job
    return files[0].package, packed.pack(of_package(load(tokenizer), files, sampling))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--chars-per-blank", type=int, default=Sampling.chars_per_blank)
    parser.add_argument("--context-share", type=float, default=Sampling.context_share)
    parser.add_argument("--seed", type=int, default=Sampling.seed)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    sampling = Sampling(args.chars_per_blank, args.context_share, seed=args.seed)
    jobs = [(args.tokenizer, files, sampling) for files in packages(args.corpus)]
    made: list[Packed] = []
    with multiprocessing.get_context("spawn").Pool(args.processes) as pool:
        for name, examples in pool.imap(_work, jobs):
            made.append(examples)
            print(f"{name}: {len(examples)}", flush=True)
    result = packed.join(made)
    packed.write(args.out, result)
    print(f"{len(result)} examples, {len(result.tokens) / 1e6:.1f} M tokens in {args.out}")


if __name__ == "__main__":
    main()
