"""Training sequences on disk: flat uint16 tokens and where each sequence and its parts begin.

Every sequence is one example of the prompt grammar; it leaves how they are made to `examples`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.files import whole


@dataclass(frozen=True)
class Example:
    """One sequence of tokens with the places that losses need."""

    tokens: list[int]
    eof: int
    """Position of `<eof>`: what follows it is the decision, not text."""
    middle: int
    """Position of `<fim_middle>`: the target begins after it."""


@dataclass(frozen=True)
class Packed:
    """Many examples, in the order in which they were written."""

    tokens: npt.NDArray[np.uint16]
    starts: npt.NDArray[np.int64]
    """One more than there are examples: the last is the end."""
    eof: npt.NDArray[np.uint16]
    middle: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.eof)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each example; asked for one example at a time, hence kept."""
        return np.diff(self.starts)

    def example(self, i: int) -> Example:
        tokens = self.tokens[self.starts[i] : self.starts[i + 1]].tolist()
        return Example(tokens, int(self.eof[i]), int(self.middle[i]))


def pack(examples: Iterable[Example]) -> Packed:
    tokens = [np.empty(0, dtype=np.uint16)]
    places: list[tuple[int, int]] = []
    for example in examples:
        tokens.append(np.array(example.tokens, dtype=np.uint16))
        places.append((example.eof, example.middle))
    eof, middle = np.array(places, dtype=np.uint16).reshape(-1, 2).T
    starts = np.cumsum([len(part) for part in tokens], dtype=np.int64)
    return Packed(np.concatenate(tokens), starts, eof, middle)


def join(parts: Sequence[Packed]) -> Packed:
    """The examples of all parts, in their order."""
    ends = np.cumsum([0, *(len(part.tokens) for part in parts)])
    return Packed(
        tokens=np.concatenate([part.tokens for part in parts]),
        starts=np.concatenate(
            [[0], *(part.starts[1:] + end for part, end in zip(parts, ends, strict=False))]
        ),
        eof=np.concatenate([part.eof for part in parts]),
        middle=np.concatenate([part.middle for part in parts]),
    )


def retrieving(data: Packed) -> npt.NDArray[np.bool_]:
    """Which examples retrieve: in the others `<fim_middle>` comes right after `<eof>`."""
    return data.middle.astype(np.int64) > data.eof.astype(np.int64) + 1


def write(path: Path, packed: Packed) -> None:
    with whole(path) as aside, aside.open("wb") as file:
        np.savez(
            file,
            tokens=packed.tokens,
            starts=packed.starts,
            eof=packed.eof,
            middle=packed.middle,
        )


def read(path: Path) -> Packed:
    with np.load(path) as kept:
        return Packed(kept["tokens"], kept["starts"], kept["eof"], kept["middle"])
