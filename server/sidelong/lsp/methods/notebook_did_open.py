"""`notebookDocument/didOpen`: the notebook shadows its file from now on."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.methods.notebook_did_close import close
from sidelong.lsp.server import Server


def notebook_did_open(server: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """Add the notebook and the documents of its cells."""
    close(server, params.notebook_document.uri)  # the client opens it again without closing it
    whole = server.notebooks.open(params.notebook_document, params.cell_text_documents)
    server.indexing.overlay(whole)
