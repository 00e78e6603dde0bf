"""Prefetch: the next suggestion, computed while the editor inserts the accepted one.

An acceptance shows in the document's text, or the client reports it.
A request of the user comes first: it stops a prefetch that answers another question.
Where the cursor rests it reads ahead, and answers nothing yet. No request waits for that: it stops
the reading, and goes on from what was read.
Asking the model is left to `asking`; a document's prefetch is kept in its `session`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from sidelong.engine import Answer, Superseded, Tokens
from sidelong.errors import ModelError
from sidelong.lsp.asking import Declined
from sidelong.lsp.documents import Document
from sidelong.lsp.question import Question
from sidelong.lsp.session import Answers, PrefetchTask, ReadAheadTask
from sidelong.lsp.suggestion import Suggestion
from sidelong.lsp.uris import file_name
from sidelong.lsp.waiting import is_done

logger = logging.getLogger(__name__)

Ask: TypeAlias = Callable[[Document, Question], Awaitable[Answer]]
"""Gives the model's answer; raises `Declined`, `ModelError` or `Superseded` if there is none."""

Read: TypeAlias = Callable[[Document, Question], Awaitable[int]]
"""Reads what a question will need, and gives the number of tokens; raises as `Ask` does."""


class Prefetch:
    """At most one prefetch or read-ahead at a time, in any document; owned by the event loop."""

    def __init__(self, documents: Iterable[Document], ask: Ask, read: Read) -> None:
        """Iterating over `documents` gives those that are open at that moment."""
        self._documents = documents
        self._ask = ask
        self._read = read

    def shown(self, doc: Document, suggestion: Suggestion) -> None:
        """Remember the suggestion that the user may accept now."""
        doc.session.answers.shown = suggestion

    def changed(self, doc: Document) -> None:
        """Begin if the change accepted a suggestion; stop if the text is no longer expected."""
        answers, ahead = doc.session.answers, _ahead(doc)
        if ahead is not None and ahead.question.text != doc.text:
            doc.session.stop_work()
        if answers.shown is None:
            return
        for question in answers.shown.if_accepted():
            if question.text == doc.text:
                self._begin(doc, question)

    def accepted(self, id: str, which: int) -> None:
        """The client is about to insert suggestion number `which` of the request `id`."""
        for doc in self._documents:
            shown = doc.session.answers.shown
            # Usually the change has come first, and `changed` has seen it.
            if shown is None or shown.id != id or doc.text != shown.question.text:
                continue
            for i, question in enumerate(shown.if_accepted()):
                if i == which:
                    self._begin(doc, question)

    def read_ahead(self, doc: Document, question: Question) -> None:
        """Begin to read what the question will need, without answering it."""
        ahead = _ahead(doc)
        if ahead is not None and _is_same(ahead.question, question) and not ahead.task.done():
            return  # What was read before and is in the KV cache still costs next to nothing.
        self.stop()
        task = asyncio.create_task(self._work_ahead(doc, question))
        doc.session.read_ahead = ReadAheadTask(question, task)

    async def answer(self, doc: Document, question: Question) -> Answer | None:
        """The prefetched answer to this question, once it is there; None if there is none."""
        prefetch = doc.session.answers.prefetch
        if prefetch is None or not _is_same(prefetch.question, question):
            return None
        await is_done(prefetch.task)
        return None if prefetch.task.cancelled() else prefetch.task.result()

    def stop(self) -> None:
        """Leave the model to others; idempotent."""
        for doc in self._documents:
            doc.session.stop_work()

    def _begin(self, doc: Document, question: Question) -> None:
        answers = doc.session.answers
        if answers.prefetch is not None and _is_same(answers.prefetch.question, question):
            return
        self.stop()
        task = asyncio.create_task(self._work(doc, answers, question))
        answers.prefetch = PrefetchTask(question, task)

    async def _work(self, doc: Document, answers: Answers, question: Question) -> Answer | None:
        try:
            answer = await self._ask(doc, question)
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
        answers.recall.remember(before=question.before, after=question.after, answer=answer)
        return replace(answer, tokens=Tokens(prompt=answer.tokens.prompt), ms={})

    async def _work_ahead(self, doc: Document, question: Question) -> None:
        try:
            n_tokens = await self._read(doc, question)
        except (Declined, ModelError, Superseded):
            return
        except Exception:
            logger.exception("%s: the read-ahead failed", file_name(doc.uri))
            return
        logger.debug("%s: read ahead, tokens %d evaluated", file_name(doc.uri), n_tokens)


def _ahead(doc: Document) -> PrefetchTask | ReadAheadTask | None:
    """The work on what the client has not asked yet, of which there is one at most."""
    return doc.session.answers.prefetch or doc.session.read_ahead


def _is_same(one: Question, other: Question) -> bool:
    return one.offset == other.offset and one.text == other.text
