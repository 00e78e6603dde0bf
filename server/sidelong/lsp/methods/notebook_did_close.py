"""`notebookDocument/didClose`: the file on disk counts again."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.server import Server


def notebook_did_close(server: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """Forget the notebook and its cells, and count the suggestions that they showed."""
    close(server, params.notebook_document.uri)


def close(server: Server, uri: str) -> None:
    """Close a notebook; does nothing if it is not open."""
    for doc in server.notebooks.close(uri):
        if doc.is_file:
            server.indexing.remove_overlay(doc)
        server.acceptance.gone(doc)
