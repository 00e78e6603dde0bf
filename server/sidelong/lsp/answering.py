"""From a cursor to what is shown there, whichever method asks; kept in the history.

Typing along, waiting, the newest request and the changed document are seen to here.
What becomes of the answer in the client's words is up to the methods.
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
from sidelong.lsp.asking import Declined, ask, settings_for
from sidelong.lsp.documents import Document
from sidelong.lsp.history import Record
from sidelong.lsp.question import Question
from sidelong.lsp.server import Server
from sidelong.settings import Settings

logger = logging.getLogger(__name__)

ALTERNATIVES: Final = 3
"""Beside the first, for who asks by hand."""


@dataclass(frozen=True)
class Reply:
    """What there is to show; its text is not empty."""

    id: str
    question: Question
    answer: Answer


@dataclass(frozen=True)
class NoReply:
    """There is nothing to show, or, unless `empty`, nothing that is about this text."""

    empty: bool


async def reply(
    server: Server,
    uri: str,
    read: Callable[[Document], Question],
    *,
    by_hand: bool = False,
    key: str | None = None,
) -> Reply | NoReply:
    """Answer a request and keep a record of how; raises only what cancelled it.

    `read` takes down the question the moment the request comes.
    The newest request with the same key wins, by default that of the document.
    """
    start = time.perf_counter()
    record = Record(id=str(server.protocol.msg_id), uri=uri)
    shown: Reply | None = None
    try:
        shown = await _reply(server, record, read, by_hand=by_hand, key=key or uri)
        record.outcome = "shown"
    except Declined as declined:
        record.outcome, record.reason = declined.outcome, declined.reason
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
    return shown or NoReply(empty=record.outcome in ("empty", "off"))


async def _reply(
    server: Server,
    record: Record,
    read: Callable[[Document], Question],
    *,
    by_hand: bool,
    key: str,
) -> Reply:
    doc = server.documents.get(record.uri)
    if doc is None:
        raise Declined("not ready", "the document is not open")
    revision, question = doc.revision, read(doc)
    server.newest_request[key] = record.id
    settings = await settings_for(server, doc)
    recall = server.recall  # another one, if the settings or the model change meanwhile
    answer = None if by_hand else await _known(server, doc, question)
    record.recalled = answer is not None
    if answer is None:
        answer = await _ask(server, doc, question, settings, record.id, by_hand=by_hand, key=key)
        recall.remember(doc.uri, before=question.before, after=question.after, answer=answer)
    record.answer, record.reason = answer, answer.reason
    if not answer.text:
        raise Declined("empty", answer.reason or "nothing to suggest")
    if server.documents.get(doc.uri) is not doc or doc.revision != revision:
        raise Declined("stale", "the document has changed since the request came")
    server.prefetch.shown(doc, record.id, question, answer)
    counted = not by_hand and key == doc.uri
    root = server.folders.root(doc.uri) if counted else None
    server.acceptance.shown(doc, record.id, question, answer, root)
    return Reply(record.id, question, answer)


async def _known(server: Server, doc: Document, question: Question) -> Answer | None:
    """What needs no model: the rest of an earlier suggestion, or what was prefetched."""
    rest = server.recall.find(doc.uri, before=question.before, after=question.after)
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
    if server.newest_request.get(key) != id:
        raise Superseded
    if by_hand:  # Who asks by hand wants to see something new, and the best there is.
        settings = replace(settings, min_probability=0.0)
    server.prefetch.stop()
    alternatives = ALTERNATIVES if by_hand else 0
    with server.status.working():
        return await ask(server, doc, question, settings, key=key, id=id, alternatives=alternatives)
