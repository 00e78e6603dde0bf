"""Counts the suggestions that were taken, if the user has turned that on.

An impression lasts until another suggestion takes its place or its document is closed.
The suggestion was taken if the client said so, or if half of it or more stands in the document:
typing it is taking it too. It was rejected if nothing of it stands there.
Left out are suggestions shown too briefly to be read, those begun and not finished, and those
requested by hand.
The meaning of the counts is `sidelong.acceptance`'s; `learnt` keeps them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from sidelong.acceptance import ByModels, Cell, Tally, merged
from sidelong.learnt import add_counts
from sidelong.lsp.documents import Document
from sidelong.lsp.impression import Impression
from sidelong.lsp.suggestion import Suggestion
from sidelong.lsp.waiting import is_done

logger = logging.getLogger(__name__)

READ_S: Final = 0.5
"""A suggestion shown for a shorter time was not read."""
KEPT_EVERY: Final = 20
"""Counted suggestions between two saves: the most that a killed server loses."""


@dataclass
class Acceptance:
    """The counter of one server; owned by the event loop, which never waits for the disk."""

    documents: Iterable[Document]
    """Those open at the moment; each has its impression in its session."""
    clock: Callable[[], float] = time.monotonic
    on: bool = False
    """The user's wish."""
    _new: dict[PurePath, ByModels] = field(default_factory=dict)
    """The counts that are not saved yet."""
    _n_new: int = 0
    _saving: asyncio.Future[None] | None = None

    def shown(self, doc: Document, suggestion: Suggestion, root: PurePath | None) -> None:
        """A suggestion is shown for a document in the folder `root`.

        The rest of the suggestion on the screen continues its impression.
        With None for `root` neither the suggestion nor the one before it is counted.
        """
        session = doc.session
        old = session.impression
        if root is None:
            session.impression = None
        elif old is not None and old.suggestion.answer.gate is suggestion.answer.gate:
            old.ids.add(suggestion.id)
        else:
            self.gone(doc)
            if self.on:
                session.impression = Impression(root, suggestion, self.clock(), {suggestion.id})

    def changed(self, doc: Document) -> None:
        """The document changed: the time to read the suggestion on the screen is over."""
        impression = doc.session.impression
        if impression is not None and impression.read_s is None:
            impression.read_s = self.clock() - impression.since_s

    def accepted(self, id: str) -> None:
        """The client says that the suggestion of a request was taken, or a part of it."""
        for doc in self.documents:
            impression = doc.session.impression
            if impression is not None and id in impression.ids:
                impression.accepted = True

    def gone(self, doc: Document) -> None:
        """The suggestion shown in the document is gone: count it."""
        impression, doc.session.impression = doc.session.impression, None
        if impression is None or not self.on:
            return
        read_s = impression.read_s
        if read_s is None:
            read_s = self.clock() - impression.since_s
        taken = impression.taken(doc.text)
        if taken is None or (not taken and read_s < READ_S):
            return
        self._count(impression, taken)

    async def close(self) -> None:
        """Save the counts; idempotent."""
        if self._saving is not None:
            await is_done(self._saving)
        self._save()
        if self._saving is not None:
            await is_done(self._saving)

    def _count(self, impression: Impression, taken: bool) -> None:
        answer, root = impression.suggestion.answer, impression.root
        cell = Cell.of(answer.gate, answer.probability)
        one = {answer.models: {cell: Tally(1, int(taken))}}
        self._new[root] = merged(self._new.get(root, {}), one)
        self._n_new += 1
        if self._n_new >= KEPT_EVERY:
            self._save()

    def _save(self) -> None:
        """Add the new counts to the saved ones, on another thread; one save at a time."""
        if not self._new or (self._saving is not None and not self._saving.done()):
            return
        new, self._new, self._n_new = self._new, {}, 0
        loop = asyncio.get_running_loop()
        self._saving = loop.run_in_executor(None, _add, new)


def _add(new: dict[PurePath, ByModels]) -> None:
    for root, counts in new.items():
        add_counts(root, counts)
