"""The next suggestion, computed while the editor is still inserting the one that was accepted.

That a suggestion was taken in full is seen from the document's text, or told by the client.
Who asks for a suggestion comes first: a prefetch that answers something else is stopped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sidelong.engine import Answer, Superseded, Tokens
from sidelong.errors import ModelError
from sidelong.lsp.asking import Declined, ask, settings_for
from sidelong.lsp.uris import file_name

if TYPE_CHECKING:
    from sidelong.lsp.documents import Document
    from sidelong.lsp.question import Question
    from sidelong.lsp.server import Server

logger = logging.getLogger(__name__)

_KEY: Final = "prefetch"
"""Names it to the worker, apart from every document."""


@dataclass(frozen=True)
class _Shown:
    """What was shown last, and may be accepted."""

    uri: str
    id: str
    question: Question
    answer: Answer

    def taken(self) -> Iterator[Question]:
        """The cursor after each of the suggestions, had it been accepted."""
        for answer in (self.answer, *self.answer.alternatives):
            before = self.question.before + answer.text
            after = self.question.after[answer.replace_after :]
            yield replace(self.question, text=before + after, offset=len(before))


@dataclass(frozen=True)
class _Ahead:
    """A question that nobody has asked yet, and the work on it."""

    uri: str
    question: Question
    task: asyncio.Task[Answer | None]


class Prefetch:
    """At most one at a time; owned by the event loop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._shown: _Shown | None = None
        self._ahead: _Ahead | None = None

    def shown(self, doc: Document, id: str, question: Question, answer: Answer) -> None:
        """Remember what the user may accept now."""
        self._shown = _Shown(doc.uri, id, question, answer)

    def changed(self, doc: Document) -> None:
        """Go ahead if the change was an acceptance; stop if it made another text."""
        ahead, shown = self._ahead, self._shown
        if ahead is not None and ahead.uri == doc.uri and ahead.question.text != doc.text:
            self.stop()
        if shown is None or shown.uri != doc.uri:
            return
        for question in shown.taken():
            if question.text == doc.text:
                self._begin(doc, question)

    def accepted(self, id: str, which: int) -> None:
        """The client says that it is about to insert a suggestion of the request `id`."""
        shown = self._shown
        doc = self._server.documents.get(shown.uri) if shown is not None else None
        # Mostly the change has come before, and `changed` has seen it.
        if shown is None or shown.id != id or doc is None or doc.text != shown.question.text:
            return
        for i, question in enumerate(shown.taken()):
            if i == which:
                self._begin(doc, question)

    async def answer(self, doc: Document, question: Question) -> Answer | None:
        """What was prefetched for this very cursor, once it is there; None if nothing was."""
        ahead = self._ahead
        if ahead is None or ahead.uri != doc.uri or not _is_same(ahead.question, question):
            return None
        # Not awaited itself: who asks may be cancelled, and so may be what was begun ahead.
        await asyncio.wait([ahead.task])
        return None if ahead.task.cancelled() else ahead.task.result()

    def stop(self) -> None:
        """Leave the model to others; idempotent."""
        if self._ahead is not None:
            self._ahead.task.cancel()
            self._ahead = None

    def forget(self, uri: str | None = None) -> None:
        """Nothing that was shown, in the document if one is named, is there any more."""
        if self._ahead is not None and uri in (None, self._ahead.uri):
            self.stop()
        if self._shown is not None and uri in (None, self._shown.uri):
            self._shown = None

    def _begin(self, doc: Document, question: Question) -> None:
        ahead = self._ahead
        if ahead is not None and ahead.uri == doc.uri and _is_same(ahead.question, question):
            return
        self.stop()
        task = asyncio.create_task(self._work(doc, question))
        self._ahead = _Ahead(doc.uri, question, task)

    async def _work(self, doc: Document, question: Question) -> Answer | None:
        server = self._server
        try:
            settings = await settings_for(server, doc)
            answer = await ask(server, doc, question, settings, key=_KEY, id=_KEY)
        except (Declined, ModelError, Superseded):
            return None
        except Exception:
            logger.exception("%s: the prefetch failed", file_name(doc.uri))
            return None
        logger.debug(
            "%s: prefetched, tokens %d evaluated %d generated",
            file_name(doc.uri),
            answer.tokens.evaluated,
            answer.tokens.generated,
        )
        server.recall.remember(doc.uri, before=question.before, after=question.after, answer=answer)
        return replace(answer, tokens=Tokens(prompt=answer.tokens.prompt), ms={})


def _is_same(one: Question, other: Question) -> bool:
    return one.offset == other.offset and one.text == other.text
