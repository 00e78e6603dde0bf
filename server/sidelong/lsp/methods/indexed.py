"""`sidelong/indexed`: answered once the index holds all that was said before.

For tests and measurements, which must not ask before an unsaved text has reached the index;
completion itself never waits for indexing.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sidelong.lsp.asking import is_configured
from sidelong.lsp.folders import Folder
from sidelong.lsp.methods.explain import uri_in
from sidelong.lsp.server import Server

INDEXED: Final = "sidelong/indexed"


async def indexed(server: Server, params: object) -> dict[str, Any]:
    """How many files the folders' indexes hold then; only the folder of `textDocument` if named.

    What was said before are the open documents, as they were last changed, and the disk as it is.
    """
    # Before, no folder has an index.
    await is_configured(server)
    await server.folders.real_paths.wait()
    uri = uri_in(params)
    place = server.folders.place(uri) if uri is not None else None
    folders = list(server.folders) if uri is None else [place.folder] if place else []
    return {"folders": await asyncio.gather(*(_held(folder) for folder in folders))}


async def _held(folder: Folder) -> dict[str, Any]:
    index = folder.index
    if index is None:
        return {"uri": folder.uri, "files": None}
    await asyncio.get_running_loop().run_in_executor(None, index.wait)
    return {"uri": folder.uri, "files": index.snapshot.files}
