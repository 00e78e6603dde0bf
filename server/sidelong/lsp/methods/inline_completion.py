"""`textDocument/inlineCompletion`: ghost text at the cursor.

Whatever happens the request gets one answer: an item, `[]` where there is nothing to show (which
takes away what is shown), or `null` where the answer would be about another text than the one on
the screen (which leaves what is shown).
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import Final

from lsprotocol import types

from sidelong.errors import ModelError
from sidelong.lsp.documents import Document
from sidelong.lsp.history import Outcome, Record
from sidelong.lsp.methods.accepted import acceptance_of
from sidelong.lsp.question import Question, read_question
from sidelong.lsp.server import Server
from sidelong.lsp.uris import file_name
from sidelong.model.protocol import Superseded
from sidelong.request import Answer, Request
from sidelong.settings import Settings

logger = logging.getLogger(__name__)

MOST_CHARACTERS: Final = 4_000_000
"""Longer documents are logs and data; each keystroke would copy them several times."""

CONFIGURED_WITHIN_S: Final = 30.0
"""More than the client is given to tell its configuration; nobody waits for ever."""


class _Declined(Exception):
    """There will be no suggestion; says what became of the request and why."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


async def inline_completion(
    server: Server, params: types.InlineCompletionParams
) -> list[types.InlineCompletionItem] | None:
    """Answer the request and keep a record of how."""
    start = time.perf_counter()
    record = Record(id=str(server.protocol.msg_id), uri=params.text_document.uri)
    items = None
    try:
        items = await _complete(server, params, record)
    except _Declined as declined:
        record.outcome, record.reason = declined.outcome, declined.reason
        items = [] if declined.outcome in ("empty", "off") else None
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
    return items


async def _complete(
    server: Server, params: types.InlineCompletionParams, record: Record
) -> list[types.InlineCompletionItem]:
    doc = _open_document(server, record.uri)
    revision = doc.revision
    question = read_question(doc, params, server.encoding)
    server.newest_request[doc.uri] = record.id
    settings = await _settings(server, doc)
    # Who asks by hand wants to see something new, and the best there is.
    automatic = params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic
    if not automatic:
        settings = replace(settings, min_probability=0.0)
    answer = _recall(server, question, doc) if automatic else None
    record.recalled = answer is not None
    if answer is None:
        if automatic and settings.debounce_ms:
            await asyncio.sleep(settings.debounce_ms / 1000)
        if server.newest_request.get(doc.uri) != record.id:
            raise Superseded
        answer = await _ask(server, question, doc, settings, record)
        server.recall.remember(doc.uri, before=question.before, after=question.after, answer=answer)
    record.answer, record.reason = answer, answer.reason
    if not answer.text:
        raise _Declined("empty", answer.reason or "nothing to suggest")
    if server.documents.get(doc.uri) is not doc or doc.revision != revision:
        raise _Declined("stale", "the document has changed since the request came")
    text, span = question.item(
        answer.text, replace_after=answer.replace_after, encoding=server.encoding
    )
    record.outcome = "shown"
    return [
        types.InlineCompletionItem(insert_text=text, range=span, command=acceptance_of(record.id))
    ]


def _open_document(server: Server, uri: str) -> Document:
    doc = server.documents.get(uri)
    if doc is None:
        raise _Declined("not ready", "the document is not open")
    return doc


async def _is_configured(server: Server) -> bool:
    """Whether the client has told its configuration, waiting for it a while.

    Not by `asyncio.wait_for`: before Python 3.12 it loses a cancellation that comes in the same
    turn of the loop as the event, and the request would never end.
    """
    if not server.configured.is_set():
        waiting = asyncio.ensure_future(server.configured.wait())
        try:
            await asyncio.wait([waiting], timeout=CONFIGURED_WITHIN_S)
        finally:
            waiting.cancel()
    return server.configured.is_set()


async def _settings(server: Server, doc: Document) -> Settings:
    """The document's settings, once the client has told them; declines what they switch off."""
    if not await _is_configured(server):
        raise _Declined("not ready", "the client has not said `initialized`")
    settings = server.settings_of(doc.uri)
    if not settings.enabled:
        raise _Declined("off", "sidelong.enabled is false")
    if not settings.language_on(doc.language):
        raise _Declined("off", f"sidelong.languages switches {doc.language} off")
    if len(doc.text) > MOST_CHARACTERS:
        raise _Declined("off", f"the document has more than {MOST_CHARACTERS} characters")
    return settings


def _recall(server: Server, question: Question, doc: Document) -> Answer | None:
    """The rest of an earlier suggestion, if the user has typed along it."""
    return server.recall.find(doc.uri, before=question.before, after=question.after)


async def _ask(
    server: Server, question: Question, doc: Document, settings: Settings, record: Record
) -> Answer:
    engine = server.model.engine
    if engine is None:
        raise _Declined("not ready", server.model.error or "no model is loaded")
    place = server.folders.place(doc.uri)
    index = place.folder.index if place is not None else None
    request = Request(
        path=place.path if place is not None else file_name(doc.uri),
        language=doc.language,
        text=question.text,
        offset=question.offset,
        settings=settings,
        id=record.id,
        project=place.folder.name if place is not None else "",
    )
    with server.status.working():
        return await engine.complete(doc.uri, request, index.snapshot if index else None)
