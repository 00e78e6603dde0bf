"""`textDocument/didOpen`: the document shadows its file from now on."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.server import Server


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Add the document."""
    before = server.documents.get(params.text_document.uri)
    if before is not None:  # the client opens it again without closing it
        server.acceptance.gone(before)
    server.indexing.overlay(server.documents.open(params.text_document))
