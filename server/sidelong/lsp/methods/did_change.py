"""`textDocument/didChange`: edits in ranges, or the whole text."""

from __future__ import annotations

import logging

from lsprotocol import types

from sidelong.lsp.server import Server
from sidelong.lsp.uris import file_name

logger = logging.getLogger(__name__)


def did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the edits, then update everything that follows the text."""
    doc = server.documents.get(params.text_document.uri)
    if doc is None:
        logger.warning("%s changed but is not open", file_name(params.text_document.uri))
        return
    doc.change(params.content_changes, server.encoding)
    server.indexing.overlay(doc)
    server.prefetch.changed(doc)
    server.acceptance.changed(doc)
