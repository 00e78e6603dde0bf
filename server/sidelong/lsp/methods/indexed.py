"""`sidelong/indexed`: answered once the index is up to date.

Tests and measurements use it: they must not request a completion before an unsaved text has
reached the index. Completion itself never waits for indexing.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sidelong.lsp.folders import Folder
from sidelong.lsp.methods.explain import uri_in
from sidelong.lsp.server import Server

INDEXED: Final = "sidelong/indexed"


async def indexed(server: Server, params: object) -> dict[str, Any]:
    """The number of files in each folder's index, or only in that of the params' `textDocument`.

    The indexes then hold the disk, and the open documents, as they were when the request came.
    """
    # Before that, no folder has an index.
    await server.configuration.is_in_use()
    await server.folders.real_paths.wait()
    uri = uri_in(params)
    file = server.folders.file(uri) if uri is not None else None
    folders = list(server.folders) if uri is None else [file.folder] if file else []
    return {"folders": await asyncio.gather(*(_indexed(folder) for folder in folders))}


async def _indexed(folder: Folder) -> dict[str, Any]:
    index = folder.index
    if index is None:
        return {"uri": folder.uri, "files": None}
    await asyncio.get_running_loop().run_in_executor(None, index.wait)
    return {"uri": folder.uri, "files": index.snapshot.files}
