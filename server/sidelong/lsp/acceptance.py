"""Counts which suggestions were taken, where the user has turned that on.

A suggestion is open from when it is shown until another one takes its place or its document is
closed. Then it was taken if the client said so, or if half of it or more stands in the document:
typing along it is taking it, by and by. It was rejected if nothing of it does.
What was shown too briefly to be read is not counted, nor what was begun and left, nor what was
asked for by hand.
What the counts mean is `sidelong.acceptance`'s, where they are kept `learnt`'s.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from sidelong.acceptance import ByModels, Cell, Tally, merged
from sidelong.engine import Answer
from sidelong.learnt import add_counts

if TYPE_CHECKING:
    from sidelong.lsp.documents import Document
    from sidelong.lsp.question import Question

logger = logging.getLogger(__name__)

READ_S: Final = 0.5
"""What is shown for less is gone before it is read."""
KEPT_EVERY: Final = 20
"""Suggestions; at worst so many are lost when the server is killed."""


@dataclass
class _Open:
    """A suggestion that may still be taken."""

    root: PurePath
    question: Question
    answer: Answer
    since: float
    ids: set[str]
    read_s: float | None = None
    """How long it was shown before the first change; None until there was one."""
    accepted: bool = False

    def taken(self, text: str) -> bool | None:
        """Whether it was, as the document's text shows; None if that cannot be said."""
        if self.accepted:
            return True
        before = self.question.before
        if not text.startswith(before):
            return None
        whole = self.answer.text
        # The text behind the cursor may begin alike: only what was not there before counts.
        kept = _n_common(whole, text[len(before) :]) - _n_common(whole, self.question.after)
        return True if 2 * kept >= len(whole) else False if kept <= 0 else None


@dataclass
class Acceptance:
    """Of one server; owned by the event loop, which it never keeps waiting for the disk."""

    clock: Callable[[], float] = time.monotonic
    on: bool = False
    """Whether the user wants it."""
    _open: dict[str, _Open] = field(default_factory=dict)
    """By document URI."""
    _new: dict[PurePath, ByModels] = field(default_factory=dict)
    """What is not kept yet."""
    _n_new: int = 0
    _saving: asyncio.Future[None] | None = None

    def shown(
        self, doc: Document, id: str, question: Question, answer: Answer, root: PurePath | None
    ) -> None:
        """A suggestion is shown for a document in the folder `root`.

        The rest of one that is shown already is no other.
        None for what is not to be counted; what was shown before is not, either.
        """
        same = self._open.get(doc.uri)
        if root is None:
            self._open.pop(doc.uri, None)
        elif same is not None and same.answer.gate is answer.gate:
            same.ids.add(id)
        else:
            self.gone(doc)
            if self.on:
                self._open[doc.uri] = _Open(root, question, answer, self.clock(), {id})

    def changed(self, doc: Document) -> None:
        """The document changed: what is shown has been read by now, or not."""
        shown = self._open.get(doc.uri)
        if shown is not None and shown.read_s is None:
            shown.read_s = self.clock() - shown.since

    def accepted(self, id: str) -> None:
        """The client says that a suggestion was taken, or a part of it."""
        for shown in self._open.values():
            if id in shown.ids:
                shown.accepted = True

    def gone(self, doc: Document) -> None:
        """What was shown in the document is there no more: count it."""
        shown = self._open.pop(doc.uri, None)
        if shown is None or not self.on:
            return
        read_s = self.clock() - shown.since if shown.read_s is None else shown.read_s
        taken = shown.taken(doc.text)
        if taken is None or (not taken and read_s < READ_S):
            return
        cell = Cell.of(shown.answer.gate, shown.answer.probability)
        one = {shown.answer.models: {cell: Tally(1, int(taken))}}
        self._new[shown.root] = merged(self._new.get(shown.root, {}), one)
        self._n_new += 1
        if self._n_new >= KEPT_EVERY:
            self._save()

    async def close(self) -> None:
        """Keep what was counted; idempotent."""
        self._open.clear()
        if self._saving is not None:
            await asyncio.wait([self._saving])
        self._save()
        if self._saving is not None:
            await asyncio.wait([self._saving])

    def _save(self) -> None:
        """Add to what is kept, on another thread; one at a time."""
        if not self._new or (self._saving is not None and not self._saving.done()):
            return
        new, self._new, self._n_new = self._new, {}, 0
        loop = asyncio.get_running_loop()
        self._saving = loop.run_in_executor(None, _add, new)


def _add(new: dict[PurePath, ByModels]) -> None:
    for root, counts in new.items():
        add_counts(root, counts)


def _n_common(one: str, other: str) -> int:
    """The length of the longest common start."""
    differ = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differ, min(len(one), len(other)))
