"""Stage 7, a baseline from before neural models: interpolated n-grams of the training corpus.

Witten-Bell smoothing (1991): an order's weight grows with how often its context was seen and
falls with how many different tokens followed. Bounded by the tokens that are counted, not tuned.

    python -m training.counts --corpus WORK/train.jsonl --tokenizer WORK/tokenizer.json \\
        --tokens 4000000 --out WORK/counts.npz
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sidelong.engine.model.protocol import Cancel, Evaluation, Model
from training.corpus import read
from training.files import whole
from training.tokenizer import load

ORDER = 6
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Followers:
    """For one length of context: what followed each, sorted by the context's hash."""

    contexts: npt.NDArray[np.uint64]
    tokens: npt.NDArray[np.uint16]
    counts: npt.NDArray[np.uint32]

    def of(self, context: np.uint64) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint32]]:
        """The tokens that followed a context, and how often each did."""
        first, last = np.searchsorted(self.contexts, [context, context + np.uint64(1)])
        return self.tokens[first:last], self.counts[first:last]


def count(tokens: npt.NDArray[np.uint16], *, order: int = ORDER) -> list[Followers]:
    """The followers of contexts of 0 to `order` - 1 tokens."""
    found = []
    hashes = np.zeros(len(tokens), dtype=np.uint64)
    for length in range(order):
        # hashes[i] is of the `length` tokens before token i.
        if length:
            hashes = _extend(hashes[length:], tokens[: len(tokens) - length])
            hashes = np.concatenate([np.zeros(length, dtype=np.uint64), hashes])
        keys = np.stack([hashes[length:], tokens[length:].astype(np.uint64)])
        sorting = np.lexsort(keys[::-1])
        keys = keys[:, sorting]
        starts = np.flatnonzero(np.r_[True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)])
        counts = np.diff(np.r_[starts, keys.shape[1]])
        contexts, followers = keys[:, starts]
        found.append(Followers(contexts, followers.astype(np.uint16), counts.astype(np.uint32)))
    return found


def _extend(
    hashes: npt.NDArray[np.uint64], earlier: npt.NDArray[np.uint16]
) -> npt.NDArray[np.uint64]:
    """Hashes of contexts with one token more at their beginning."""
    mixed = (hashes + earlier.astype(np.uint64) + np.uint64(1)) * _FACTOR
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def distribution(
    counted: Sequence[Followers], context: Sequence[int], vocabulary: int
) -> npt.NDArray[np.float64]:
    """The next token's probabilities [V] after `context`, the longest known one trusted most."""
    mixed = np.full(vocabulary, 1 / vocabulary)
    hashed = np.zeros(1, dtype=np.uint64)
    for length, followers in enumerate(counted):
        if length > len(context):
            break
        if length:
            hashed = _extend(hashed, np.array([context[-length]], dtype=np.uint16))
        tokens, counts = followers.of(hashed[0])
        if not len(tokens):
            break
        mixed *= len(tokens)
        mixed[tokens] += counts
        mixed /= counts.sum() + len(tokens)
    return mixed


def write(path: Path, counted: Sequence[Followers]) -> None:
    parts = {
        f"{name}{length}": getattr(followers, name)
        for length, followers in enumerate(counted)
        for name in ("contexts", "tokens", "counts")
    }
    with whole(path) as aside, aside.open("wb") as file:
        np.savez(file, **parts)


def read_counts(path: Path) -> list[Followers]:
    with np.load(path) as kept:
        return [
            Followers(kept[f"contexts{i}"], kept[f"tokens{i}"], kept[f"counts{i}"])
            for i in range(len(kept) // 3)
        ]


class Counts:
    """The n-grams in the place of another model, with its vocabulary; `protocol.Model`.

    It reads what stands before the cursor, and neither the suffix nor retrieved chunks.
    """

    def __init__(self, model: Model, counted: Sequence[Followers]) -> None:
        self._model, self._counted = model, counted
        self.name = self.fingerprint = "n-grams of the training corpus"
        self.special, self.threshold = model.special, model.threshold
        self.budget = replace(model.budget, context=0)
        self.pieces, self.n_ctx = model.pieces, model.n_ctx
        self.formula = self.mixture = None

    def tokenize(self, text: str) -> list[int]:
        return self._model.tokenize(text)

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        cancel.check()
        vocabulary = len(self.pieces.pieces)
        logits = np.full((rows, vocabulary), -100.0, dtype=np.float32)
        for row in range(rows):
            context = self._before(tokens[: len(tokens) - rows + 1 + row])
            probabilities = distribution(self._counted, context, vocabulary)
            logits[row] = np.log(probabilities)
        return Evaluation(logits, evaluated=0)

    def forget(self) -> None:
        """There is no KV cache."""

    def close(self) -> None:
        self._model.close()

    def _before(self, tokens: Sequence[int]) -> list[int]:
        """The text before the next token: without the special tokens and what is no prefix."""
        special = self.special
        prefix = len(tokens) - 1 - list(reversed(tokens)).index(special.fim_prefix)
        marks = {special.eof, special.cc, special.fim_middle, special.fim_suffix}
        return [token for token in tokens[prefix + 1 :] if token not in marks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=4_000_000, help="how many to count, at most")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    vocabulary = load(args.tokenizer)
    texts = [file.text for file in read(args.corpus)]
    random.Random(1).shuffle(texts)
    tokens: list[int] = []
    for text in texts:
        if len(tokens) >= args.tokens:
            break
        tokens += [vocabulary.special.eos, *vocabulary.tokenize(text)]
    counted = count(np.array(tokens[: args.tokens], dtype=np.uint16))
    write(args.out, counted)
    n = sum(len(followers.tokens) for followers in counted)
    print(f"{len(tokens)} tokens, {n} n-grams up to {ORDER} tokens in {args.out}")


if __name__ == "__main__":
    main()
