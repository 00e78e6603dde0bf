"""One file open as a notebook and as JSON: either shadows it until both are closed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from sidelong.lsp.convert import Encoding
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


def test_a_document_that_lost_a_change_shadows_nothing_until_its_text_is_known(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        folders, index, documents = Folders(), Shown(), Documents()
        folder = folders.add(tmp_path.as_uri(), "project")
        assert folder is not None
        placed: Any = index
        folder.index = placed
        overlays = Overlays(folders, documents)
        item = types.TextDocumentItem((tmp_path / "a.py").as_uri(), "python", 1, "old")
        doc = documents.open(item)
        overlays.put(doc)
        doc.lose_step()
        overlays.put(doc)
        overlays.put_all()
        assert index.texts == {}
        doc.change([types.TextDocumentContentChangeWholeDocument("new")], Encoding.Utf16)
        overlays.put(doc)
        assert index.texts == {"a.py": "new"}

    asyncio.run(story())
