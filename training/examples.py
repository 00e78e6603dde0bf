"""Blanks of the corpus as the product sees them; as sequences they are stage 3 of nano.

Prompts, windows, healing, retrieval and blanks are the product's functions, never copies.
Half of the examples have retrieved context; of those, half retrieve with the target's lines in
the query, as Repoformer does, and half without, as a user's cursor does.

    python -m training.examples --corpus WORK/train.jsonl --tokenizer WORK/tokenizer.json \\
        --out WORK/train.npz
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sidelong.engine import prompt, retrieval, window
from sidelong.evaluation.blanks import Blank, sample_blanks
from sidelong.evaluation.cases import exclusion
from sidelong_index import Hit, Snapshot, build
from training import packed, workers
from training.corpus import SourceFile, read
from training.edition import NANO
from training.packed import Example, Packed
from training.tokenizer import Vocabulary, load

MAX_CHUNKS = 6

OVERSAMPLED = 4
"""Blanks drawn for each one that is kept; more would let the odd lines dominate."""

# A backslash is read in one way only: in two, a line of many takes for ever.
_STRING = re.compile(r"""(["'`])(?:\\.|(?!\1)[^\\])*\1""")


@dataclass(frozen=True)
class Sampling:
    """The number and the form of the examples."""

    chars_per_blank: int = 1200
    context_share: float = 0.5
    target_in_query_share: float = 0.5
    empty_suffix_share: float = 0.1
    """Of the blanks, how many end their file, as where somebody writes it from the top."""
    seed: int = 1


def retrieve(
    snapshot: Snapshot,
    file: SourceFile,
    blank: Blank,
    *,
    target_in_query: bool,
    empty_suffix: bool = False,
) -> list[Hit]:
    """The chunks for a blank of `file`; none overlaps the blank or the lines around it."""
    after = "" if empty_suffix else file.text[blank.end :]
    target = file.text[blank.start : blank.end] if target_in_query else ""
    seen = file.text[: blank.start] + target + after
    return retrieval.retrieve(
        snapshot,
        path=file.path,
        text=seen,
        offset=blank.start,
        k=MAX_CHUNKS,
        exclude=exclusion(file.path, file.text, blank, to_end=empty_suffix),
    )


@dataclass(frozen=True)
class Drawn:
    """One blank of a text, and the chunks retrieved for it, if any."""

    text: str
    blank: Blank
    hits: Sequence[Hit]
    target_in_query: bool


@dataclass(frozen=True)
class Parts:
    """The tokens of one blank by their place in the grammar; no special tokens but the end's."""

    suffix: list[int]
    prefix: list[int]
    target: list[int]
    """With what healing took from the prefix; one that outgrows the budget has no end token."""
    context: list[int]
    """Empty where nothing was retrieved."""


def drawn(files: Sequence[SourceFile], sampling: Sampling) -> Iterator[Drawn]:
    """The blanks of one package; its own files are all that is retrieved from."""
    snapshot = build([(file.path, file.text) for file in files])
    rng = random.Random(f"{sampling.seed} {files[0].package}")
    for file, blank in blanks(files, sampling):
        empty_suffix = rng.random() < sampling.empty_suffix_share
        hits: list[Hit] = []
        with_target = False
        if rng.random() < sampling.context_share:
            with_target = rng.random() < sampling.target_in_query_share
            hits = retrieve(
                snapshot, file, blank, target_in_query=with_target, empty_suffix=empty_suffix
            )
        text = file.text[: blank.end] if empty_suffix else file.text
        yield Drawn(text, blank, hits, with_target)


def parts(
    vocabulary: Vocabulary, text: str, blank: Blank, hits: Sequence[Hit], budget: prompt.Budget
) -> Parts:
    """The tokens that the product reads and should write at a blank, within `budget`."""
    special, tokenize = vocabulary.special, vocabulary.tokenize
    before, after = text[: blank.start], text[blank.end :]
    prefix = window.prefix_tokens(before, tokenize=tokenize, budget=budget.prefix)
    suffix = window.suffix_tokens(after, tokenize=tokenize, budget=budget.suffix)
    kept, removed = vocabulary.pieces.split(prefix)
    target = [*tokenize(removed.decode() + text[blank.start : blank.end]), special.eos]
    context = prompt.context(special, hits, tokenize=tokenize, budget=budget.context)
    return Parts(suffix, kept, target[: budget.generated], context)


def example(vocabulary: Vocabulary, text: str, blank: Blank, hits: Sequence[Hit]) -> Example:
    """The sequence of one blank in nano's budget: as retrieving if there are hits."""
    special, found = vocabulary.special, parts(vocabulary, text, blank, hits, NANO)
    looked = prompt.decision_prompt(special, suffix=found.suffix, prefix=found.prefix)
    asked = (
        prompt.retrieve_prompt(special, looked, found.context)
        if found.context
        else prompt.abstain_prompt(special, looked)
    )
    return Example(asked + found.target, eof=len(looked) - 1, middle=len(asked) - 1)


def of_package(
    vocabulary: Vocabulary, files: Sequence[SourceFile], sampling: Sampling
) -> Iterator[Example]:
    """The examples of one package."""
    for found in drawn(files, sampling):
        yield example(vocabulary, found.text, found.blank, found.hits)


def blanks(files: Sequence[SourceFile], sampling: Sampling) -> list[tuple[SourceFile, Blank]]:
    """A package's blanks, in the order of its files; lines of a common shape come less often.

    Repoformer samples from clusters of similar code so that boilerplate does not dominate.
    Here a cluster is the shape of the line in which a blank begins, and the chance of each of
    its blanks falls with the square root of the cluster's size.
    """
    drawn = []
    for file in files:
        rng = random.Random(f"{sampling.seed} {file.package} {file.path}")
        n = OVERSAMPLED * len(file.text) / sampling.chars_per_blank
        found = sample_blanks(file.text, rng=rng, n=int(n + rng.random()))
        drawn += [(file, blank) for blank in found]
    shapes = [shape(file.text, blank.start) for file, blank in drawn]
    sizes = Counter(shapes)
    rng = random.Random(f"{sampling.seed} {files[0].package} clusters")
    # Sampling without replacement by weight: Efraimidis and Spirakis, 2006.
    keys = [rng.random() ** sizes[line] ** 0.5 for line in shapes]
    order = sorted(range(len(drawn)), key=lambda i: -keys[i])
    kept = sorted(order[: -(-len(drawn) // OVERSAMPLED)])
    return [drawn[i] for i in kept]


def shape(text: str, offset: int) -> str:
    """The line at `offset` with every word but its first, and every string, as one sign."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end].strip()
    line = _STRING.sub("s", line)
    first, *rest = re.split(r"(\w+)", line, maxsplit=1)
    word, after = rest if rest else ("", "")
    return first + word + re.sub(r"\w+", "w", after)


def packages(corpus: Path) -> list[list[SourceFile]]:
    """The corpus by package; files of one package stand together in it."""
    grouped = itertools.groupby(read(corpus), key=lambda file: file.package)
    return [list(files) for _, files in grouped]


Job = tuple[Path, list[SourceFile], Sampling]


def _work(job: Job) -> tuple[str, Packed]:
    tokenizer, files, sampling = job
    return files[0].package, packed.pack(of_package(load(tokenizer), files, sampling))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--chars-per-blank", type=int, default=Sampling.chars_per_blank)
    parser.add_argument("--context-share", type=float, default=Sampling.context_share)
    parser.add_argument("--seed", type=int, default=Sampling.seed)
    parser.add_argument("--out", type=Path, required=True)
    workers.add_options(parser)
    args = parser.parse_args()
    sampling = Sampling(args.chars_per_blank, args.context_share, seed=args.seed)
    jobs = [(args.tokenizer, files, sampling) for files in packages(args.corpus)]
    result = packed.join(workers.collect(args, _work, jobs))
    packed.write(args.out, result)
    print(f"{len(result)} examples, {len(result.tokens) / 1e6:.1f} M tokens in {args.out}")


if __name__ == "__main__":
    workers.main("training.examples")
