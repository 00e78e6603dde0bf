"""`notebookDocument/didChange`: cells come, go and move, and their texts change."""

from __future__ import annotations

import logging

from lsprotocol import types

from sidelong.lsp.server import Server
from sidelong.lsp.uris import file_name

logger = logging.getLogger(__name__)


def notebook_did_change(server: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Apply the change, then update everything that follows the texts."""
    uri, change = params.notebook_document.uri, params.change.cells
    if not server.notebooks.is_open(uri):
        logger.warning("%s changed but is not open", file_name(uri))
        return
    if change is None:  # of the notebook's metadata
        return
    for doc in server.notebooks.restructure(uri, change):
        server.acceptance.gone(doc)
    edited = server.notebooks.edit(uri, change.text_content or (), server.encoding)
    server.indexing.overlay(server.notebooks.join(uri))
    for doc in edited:
        server.prefetch.changed(doc)
        server.acceptance.changed(doc)
