"""`workspace/didChangeWorkspaceFolders`: folders come and go, with their indexes."""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.server import Server


async def did_change_workspace_folders(
    server: Server, params: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Add and remove the folders; the open documents move along."""
    removed = [server.folders.remove(folder.uri) for folder in params.event.removed]
    for folder in params.event.added:
        server.folders.add(folder.uri, folder.name)
    gone = [folder for folder in removed if folder is not None]
    await server.refresh(lambda: server.indexing.stop(gone))
