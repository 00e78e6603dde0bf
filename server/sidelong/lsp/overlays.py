"""The open documents as the folders' indexes hold them; owned by the event loop.

A document may turn out to be another file than its name says, once its real path is found; then it
moves.
"""

from __future__ import annotations

from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.folders import Folder, Folders
from sidelong.lsp.uris import path_from_uri


class Overlays:
    """Tells the indexes which documents are open and where they lie."""

    def __init__(self, folders: Folders, documents: Documents) -> None:
        self._folders = folders
        self._documents = documents
        self._shown: dict[Document, list[tuple[Folder, str]]] = {}

    def show(self, doc: Document) -> None:
        """Let the document shadow its file, in every folder that holds it."""
        path = path_from_uri(doc.uri)
        if path is not None:
            self._folders.real_paths.seek(path, lambda: self._show_again(doc))
        places = [(place.folder, place.path) for place in self._folders.places(doc.uri)]
        for folder, file in self._shown.get(doc, []):
            if (folder, file) not in places:
                self._close(folder, file)
        self._shown[doc] = places
        for folder, file in places:
            if folder.index is not None:
                folder.index.open(file, doc.text)

    def hide(self, doc: Document) -> None:
        """Let the file on disk count again, or another document that shadows it."""
        for folder, file in self._shown.pop(doc, []):
            self._close(folder, file)
        path = path_from_uri(doc.uri)
        if path is not None:
            self._folders.real_paths.forget(path)

    def show_all(self) -> None:
        """Show all open documents: there is another index, or a folder is known better."""
        for doc in self._documents:
            self.show(doc)

    def _show_again(self, doc: Document) -> None:
        if self._documents.get(doc.uri) is doc:
            self.show(doc)

    def _close(self, folder: Folder, file: str) -> None:
        if folder.index is None:
            return
        others = (doc for doc, places in self._shown.items() if (folder, file) in places)
        other = next(others, None)
        if other is None:
            folder.index.close(file)
        else:
            folder.index.open(file, other.text)
