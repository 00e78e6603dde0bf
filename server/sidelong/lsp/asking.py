"""A question put to the model, with the settings and the index that hold for its document.

When to ask, and what becomes of the answer, is up to `answering` and `prefetch`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sidelong.engine import Answer, Request
from sidelong.lsp.uris import file_name

if TYPE_CHECKING:
    from sidelong.lsp.documents import Document
    from sidelong.lsp.history import Outcome
    from sidelong.lsp.question import Question
    from sidelong.lsp.server import Server
    from sidelong.settings import Settings

MOST_CHARACTERS: Final = 4_000_000
"""Longer documents are logs and data; each keystroke would copy them several times."""

CONFIGURED_WITHIN_S: Final = 30.0
"""More than the client is given to tell its configuration; nobody waits for ever."""


class Declined(Exception):
    """There will be no suggestion; says what became of the request and why."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


async def settings_for(server: Server, doc: Document) -> Settings:
    """The document's settings, once the client has told them; declines what they switch off."""
    if not await is_configured(server):
        raise Declined("not ready", "the client has not said `initialized`")
    await server.folders.real_paths.wait()
    settings = server.settings_of(doc.uri)
    if not settings.enabled:
        raise Declined("off", "sidelong.enabled is false")
    if not settings.language_on(doc.language):
        raise Declined("off", f"sidelong.languages switches {doc.language} off")
    if len(doc.text) > MOST_CHARACTERS:
        raise Declined("off", f"the document has more than {MOST_CHARACTERS} characters")
    return settings


async def ask(
    server: Server,
    doc: Document,
    question: Question,
    settings: Settings,
    *,
    key: str,
    id: str,
    alternatives: int = 0,
) -> Answer:
    """The model's answer; raises `Superseded` when a newer question with the same key comes."""
    engine = server.model.engine
    if engine is None:
        raise Declined("not ready", server.model.error or "no model is loaded")
    place = server.folders.place(doc.uri)
    index = place.folder.index if place is not None else None
    root = place.folder.path if place is not None else None
    request = Request(
        path=place.path if place is not None else file_name(doc.uri),
        language=doc.language,
        text=question.text,
        offset=question.offset,
        settings=settings,
        id=id,
        alternatives=alternatives,
        project=root.name if root is not None else "",
        correction=place.folder.correction if place is not None else None,
    )
    return await engine.complete(key, request, index.snapshot if index else None)


async def is_configured(server: Server) -> bool:
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
