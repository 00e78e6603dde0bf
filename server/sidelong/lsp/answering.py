"""From a request to the suggestion at its cursor, for every method; kept in the history.

Typing along, the debounce, newer requests and changed documents are handled here.
Putting the suggestion in the client's words is left to `methods`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sidelong.engine import Answer, Superseded
from sidelong.errors import ModelError
from sidelong.lsp.asking import Declined
from sidelong.lsp.documents import Document
from sidelong.lsp.history import Record
from sidelong.lsp.question import Question
from sidelong.lsp.server import Server
from sidelong.lsp.suggestion import Suggestion
from sidelong.settings import Settings

logger = logging.getLogger(__name__)

ALTERNATIVES: Final = 3
"""Besides the first text, for a request by hand."""


@dataclass(frozen=True)
class NoSuggestion:
    """There is nothing to show; unless `empty`, the answer would be about another text."""

    empty: bool


async def suggest(
    server: Server,
    uri: str,
    read: Callable[[Document], Question],
    *,
    by_hand: bool = False,
    key: str | None = None,
) -> Suggestion | NoSuggestion:
    """Answer a request and record its outcome; raises nothing but its cancellation.

    `read` reads the question off the request, at once.
    The newest request with the same key wins; the key is the document's URI if none is given.
    """
    start = time.perf_counter()
    record = Record(id=str(server.protocol.msg_id), uri=uri)
    suggestion: Suggestion | None = None
    try:
        suggestion = await _suggest(server, record, read, by_hand=by_hand, key=key or uri)
        record.outcome = "shown"
    except Declined as declined:
        record.outcome, record.reason = declined.outcome, declined.reason
        if declined.message is not None:
            server.warn_once(declined.message)
    except Superseded:
        record.outcome, record.reason = "superseded", "a newer request came"
    except ModelError as error:
        record.outcome, record.reason = "not ready", str(error)
    except asyncio.CancelledError:
        record.outcome, record.reason = "cancelled", "by the client"
        raise
    except Exception as error:
        record.outcome, record.reason = "failed", type(error).__name__
        logger.exception("request %s failed", record.id)
    finally:
        record.total_ms = (time.perf_counter() - start) * 1000
        server.history.add(record)
    return suggestion or NoSuggestion(empty=record.outcome in ("empty", "off"))


async def _suggest(
    server: Server,
    record: Record,
    read: Callable[[Document], Question],
    *,
    by_hand: bool,
    key: str,
) -> Suggestion:
    doc = server.documents.get(record.uri)
    if doc is None:
        raise Declined("not ready", "the document is not open")
    revision, question = doc.revision, read(doc)
    doc.session.newest[key] = record.id
    answer = await _answer(server, doc, question, record, by_hand=by_hand, key=key)
    record.answer, record.reason = answer, answer.reason
    if not answer.text:
        raise Declined("empty", answer.reason or "nothing to suggest")
    if server.documents.get(doc.uri) is not doc or doc.revision != revision:
        raise Declined("stale", "the document has changed since the request came")
    suggestion = Suggestion(record.id, question, answer)
    server.prefetch.shown(doc, suggestion)
    counted = not by_hand and key == doc.uri
    server.acceptance.shown(doc, suggestion, server.folders.root(doc.place) if counted else None)
    return suggestion


async def _answer(
    server: Server, doc: Document, question: Question, record: Record, *, by_hand: bool, key: str
) -> Answer:
    """The answer, from the model only if none is known; remembered."""
    settings = await server.asking.settings(doc)
    # Taken before asking: if the settings or the model change, the answer goes to the old one.
    recall = doc.session.answers.recall
    known = None if by_hand else await _known(server, doc, question)
    record.recalled = known is not None
    if known is not None:
        return known
    answer = await _ask(server, doc, question, settings, record.id, by_hand=by_hand, key=key)
    server.remote_watch.heard(answer)
    recall.remember(before=question.before, after=question.after, answer=answer)
    return answer


async def _known(server: Server, doc: Document, question: Question) -> Answer | None:
    """The rest of an earlier suggestion or the prefetched answer; needs no model."""
    rest = doc.session.answers.recall.find(before=question.before, after=question.after)
    return rest or await server.prefetch.answer(doc, question)


async def _ask(
    server: Server,
    doc: Document,
    question: Question,
    settings: Settings,
    id: str,
    *,
    by_hand: bool,
    key: str,
) -> Answer:
    if settings.debounce_ms and not by_hand:
        await asyncio.sleep(settings.debounce_ms / 1000)
    if doc.session.newest.get(key) != id:
        raise Superseded
    if by_hand:  # The user wants to see something new, and the best there is.
        settings = replace(settings, min_probability=0.0)
    server.prefetch.stop()
    alternatives = ALTERNATIVES if by_hand else 0
    with server.status.working():
        return await server.asking.ask(
            doc, question, settings, key=key, id=id, alternatives=alternatives
        )
