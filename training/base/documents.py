"""Documents on disk: the tokens of many blanks by their parts, flat, and the length of each part.

A document holds both branches of one blank: without chunks, and with them if there are any. How
they are sampled is `sample`'s, how they are laid out for the model `rows`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.files import whole

Tokens = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Document:
    """One blank; each part may be empty but the target."""

    suffix: Tokens
    prefix: Tokens
    target: Tokens
    context: Tokens
    target_in_query: bool
    """The chunks were found with the target's help, so nothing is to be learned about deciding."""

    @property
    def n_tokens(self) -> int:
        """Of both branches as `rows` lays them out."""
        n_context, n_target = len(self.context), len(self.target)
        beginning = len(self.suffix) + len(self.prefix) + 3
        with_context = n_context + n_target + 2 if n_context else 0
        return beginning + n_target + 1 + with_context


@dataclass(frozen=True, eq=False)
class Documents:
    """Many documents, in the order in which they were written."""

    tokens: npt.NDArray[np.uint16]
    lengths: npt.NDArray[np.uint16]
    """Of suffix, prefix, target and context [N, 4]."""
    target_in_query: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def _starts(self) -> Tokens:
        starts: Tokens = np.cumsum([0, *self.lengths.sum(axis=1, dtype=np.int64)])
        return starts

    def __getitem__(self, i: int) -> Document:
        start, lengths = self._starts[i], self.lengths[i].astype(np.int64)
        parts = np.split(self.tokens[start : start + lengths.sum()], np.cumsum(lengths)[:-1])
        suffix, prefix, target, context = (part.astype(np.int64) for part in parts)
        return Document(suffix, prefix, target, context, bool(self.target_in_query[i]))


def pack(documents: Iterable[tuple[Sequence[Sequence[int]], bool]]) -> Documents:
    """Documents of their four parts, and whether the target was in the query."""
    flat, lengths, asked = [np.empty(0, dtype=np.uint16)], [], []
    for parts, target_in_query in documents:
        flat += [np.array(part, dtype=np.uint16) for part in parts]
        lengths.append([len(part) for part in parts])
        asked.append(target_in_query)
    shaped = np.array(lengths, dtype=np.uint16).reshape(-1, 4)
    return Documents(np.concatenate(flat), shaped, np.array(asked, dtype=np.bool_))


def join(parts: Sequence[Documents]) -> Documents:
    """The documents of all parts, in their order."""
    return Documents(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.target_in_query for part in parts]),
    )


def write(path: Path, documents: Documents) -> None:
    with whole(path) as aside, aside.open("wb") as file:
        np.savez(
            file,
            tokens=documents.tokens,
            lengths=documents.lengths,
            target_in_query=documents.target_in_query,
        )


def read(path: Path) -> Documents:
    with np.load(path) as kept:
        return Documents(kept["tokens"], kept["lengths"], kept["target_in_query"])
