"""`textDocument/didClose`: the file on disk counts again."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.methods.completion import request_key
from sidelong.lsp.server import Server


def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget the document and all that was remembered for it."""
    doc = server.documents.close(params.text_document.uri)
    if doc is not None:
        server.indexing.unshow(doc)
        server.recall.forget(doc.uri)
        server.prefetch.forget(doc.uri)
        server.acceptance.gone(doc)
        for key in (doc.uri, request_key(doc.uri)):
            server.newest_request.pop(key, None)
