"""`textDocument/didClose`: the file on disk counts again."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.server import Server


def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the document, and count the suggestion that it showed."""
    doc = server.documents.close(params.text_document.uri)
    if doc is not None:
        server.indexing.remove_overlay(doc)
        server.acceptance.gone(doc)
