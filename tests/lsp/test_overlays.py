"""One file open as a notebook and as JSON: either shadows it until both are closed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.folders import Folders
from sidelong.lsp.overlays import Overlays


class Shown:
    """The overlays that an index would hold."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def open(self, path: str, text: str) -> None:
        self.texts[path] = text

    def close(self, path: str) -> None:
        self.texts.pop(path, None)


@pytest.mark.parametrize("order", ["notebook json", "json notebook"])
@pytest.mark.parametrize("closed", ["notebook", "json"])
def test_what_is_left_open_shadows_the_file(tmp_path: Path, order: str, closed: str) -> None:
    async def story() -> None:
        folders, index = Folders(), Shown()
        folder = folders.add(tmp_path.as_uri(), "project")
        assert folder is not None
        placed: Any = index
        folder.index = placed
        overlays = Overlays(folders, Documents())
        uri = (tmp_path / "both.ipynb").as_uri()
        docs = {
            "notebook": Document(uri=uri, language="", text="cells"),
            "json": Document(uri=uri, language="json", text="{}"),
        }
        for name in order.split():
            overlays.put(docs[name])
        left = docs["json" if closed == "notebook" else "notebook"]
        overlays.remove(docs[closed])
        assert index.texts == {"both.ipynb": left.text}
        overlays.remove(left)
        assert index.texts == {}

    asyncio.run(story())
