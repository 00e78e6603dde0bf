"""`textDocument/didOpen`: the document shadows its file from now on."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.server import Server


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Take in the document."""
    server.indexing.show(server.documents.open(params.text_document))
