"""Rows of whole documents for the model, and the kind of each position in them.

A document is laid out once, both branches behind one shared beginning:

    <fim_suffix> R <fim_prefix> L <eof>  |  <fim_middle> target  |  <cc> C <fim_middle> target

Each branch counts its positions on from the beginning, and none sees the other (`attention`).
The teacher reads the same text in its own order, `<fim_prefix> L <fim_suffix> R <fim_middle>
target`, so each row says at which of its positions the teacher knows the same token's next.

Nothing but numpy is needed, so that a machine that only trains needs little else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from training.base.documents import Document, Documents, Tokens

EOS, FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX, FILE_SEP, EOF, CC = range(7)
"""The ids of `training.tokenizer.SPECIAL`, in its order."""

SHARED, WITHOUT, WITH = range(3)
"""The beginning, and the two branches."""


class Kind(IntEnum):
    """The lesson of a position: the kind of the token that comes next."""

    NOTHING = 0
    TEXT = 1
    TARGET = 2
    CONTEXT = 3
    TARGET_WITH_CONTEXT = 4
    DECISION = 5


@dataclass(frozen=True, eq=False)
class Sequence:
    """A document as the model reads it; all arrays have one length."""

    ids: Tokens
    positions: Tokens
    branches: Tokens
    next_ids: Tokens
    kinds: Tokens
    taught: Tokens
    """The teacher's position of the same text, or -1."""


def sequence(d: Document) -> Sequence:
    """Both branches of a document; only one if nothing was retrieved."""
    beginning = np.concatenate(([FIM_SUFFIX], d.suffix, [FIM_PREFIX], d.prefix, [EOF]))
    without = np.concatenate(([FIM_MIDDLE], d.target))
    with_context = np.concatenate(([CC], d.context, without)) if len(d.context) else d.context
    branches = [beginning, without, with_context]
    ids = np.concatenate(branches)
    n, n_without = len(beginning), len(without)
    starts = (0, n, n)
    positions = [np.arange(len(b)) + start for b, start in zip(branches, starts, strict=True)]
    return Sequence(
        ids,
        np.concatenate(positions),
        np.repeat([SHARED, WITHOUT, WITH], [len(branch) for branch in branches]),
        np.append(ids[1:], EOS),
        _kinds(d, len(ids), without=n, with_context=n + n_without),
        _taught(d, len(ids), without=n),
    )


def _kinds(d: Document, length: int, *, without: int, with_context: int) -> Tokens:
    kinds = np.full(length, Kind.NOTHING, dtype=np.int64)
    prefix, n_target, n_context = len(d.suffix) + 1, len(d.target), len(d.context)
    kinds[: len(d.suffix)] = Kind.TEXT
    kinds[prefix : prefix + len(d.prefix)] = Kind.TEXT
    kinds[without : without + n_target] = Kind.TARGET
    if n_context:
        middle = with_context + n_context + 1
        # <cc> itself teaches nothing: <file_sep> always follows.
        kinds[with_context + 1 : middle - 1] = Kind.CONTEXT
        kinds[middle : middle + n_target] = Kind.TARGET_WITH_CONTEXT
        if not d.target_in_query:
            kinds[without - 1] = Kind.DECISION
    return kinds


def _taught(d: Document, length: int, *, without: int) -> Tokens:
    taught = np.full(length, -1, dtype=np.int64)
    n_suffix, n_prefix, n_target = len(d.suffix), len(d.prefix), len(d.target)
    taught[:n_suffix] = n_prefix + 1 + np.arange(n_suffix)
    taught[n_suffix + 1 : n_suffix + 1 + n_prefix] = np.arange(n_prefix)
    taught[without : without + n_target] = n_prefix + n_suffix + 2 + np.arange(n_target)
    return taught


def for_teacher(d: Document) -> Tokens:
    """The abstaining branch in the source model's own order; it has no more tokens than ours."""
    return np.concatenate(([FIM_PREFIX], d.prefix, [FIM_SUFFIX], d.suffix, [FIM_MIDDLE], d.target))


PADDING = -1
"""The document of a position that no document takes."""


Array = TypeVar("Array")
Other = TypeVar("Other")


@dataclass(frozen=True, eq=False)
class Rows(Generic[Array]):
    """Arrays [B, T]; padding teaches nothing, and no document sees it."""

    ids: Array
    positions: Array
    branches: Array
    documents: Array
    """Which document of the row, counted from 0."""
    starts: Array
    """Where in its row the document of each position starts."""
    next_ids: Array
    kinds: Array
    taught: Array
    """The position in the teacher's row of the same number, or -1."""
    teacher_ids: Array
    teacher_positions: Array
    teacher_documents: Array
    teacher_starts: Array

    def each(self, change: Callable[[Array], Other]) -> Rows[Other]:
        return Rows(**{name: change(getattr(self, name)) for name in Rows.__annotations__})


def n_tokens(rows: Rows[Tokens]) -> int:
    """Of the model's rows, without padding."""
    return int((rows.documents != PADDING).sum())


def batches(
    data: Documents, order: Iterator[int], *, n_rows: int, length: int
) -> Iterator[tuple[Rows[Tokens], int]]:
    """Batches of rows, and the number of documents in each, until `order` ends.

    Every document comes in its turn; raises `ValueError` for one that is longer than a row.
    """
    documents = (data[i] for i in order)
    waiting = next(documents, None)
    while waiting is not None:
        rows, n = [], 0
        for _ in range(n_rows):
            chosen: list[Document] = []
            free = length
            while waiting is not None and waiting.n_tokens <= free:
                chosen.append(waiting)
                free -= waiting.n_tokens
                waiting = next(documents, None)
            if waiting is not None and not chosen:
                raise ValueError(f"{waiting.n_tokens} tokens do not fit a row of {length}")
            rows.append(_row(chosen, length))
            n += len(chosen)
        yield Rows(**{name: np.stack([row[name] for row in rows]) for name in rows[0]}), n


def _row(chosen: list[Document], length: int) -> dict[str, npt.NDArray[np.int64]]:
    row = {name: np.zeros(length, dtype=np.int64) for name in Rows.__annotations__}
    for name in ("documents", "teacher_documents", "taught"):
        row[name][:] = PADDING
    # Padding is a document of its own from each position on: it must see something.
    for name in ("starts", "teacher_starts"):
        row[name][:] = np.arange(length)
    at = teacher_at = 0
    for k, d in enumerate(chosen):
        made, taught = sequence(d), for_teacher(d)
        place = slice(at, at + len(made.ids))
        teacher_place = slice(teacher_at, teacher_at + len(taught))
        for name in ("ids", "positions", "branches", "next_ids", "kinds"):
            row[name][place] = getattr(made, name)
        row["documents"][place], row["starts"][place] = k, at
        row["taught"][place] = np.where(made.taught < 0, -1, made.taught + teacher_at)
        row["teacher_ids"][teacher_place] = taught
        row["teacher_positions"][teacher_place] = np.arange(len(taught))
        row["teacher_documents"][teacher_place] = k
        row["teacher_starts"][teacher_place] = teacher_at
        at, teacher_at = place.stop, teacher_place.stop
    return row


def endless(n: int, *, seed: int, start: int = 0) -> Iterator[int]:
    """Documents of all epochs, each in an order of its own, from the `start`-th on."""
    epoch, skip = divmod(start, n)
    while True:
        order = np.random.default_rng([seed, epoch]).permutation(n)
        yield from order[skip:].tolist()
        epoch, skip = epoch + 1, 0
