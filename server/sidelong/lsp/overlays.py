"""The open documents as the folders' indexes hold them; owned by the event loop.

A document may turn out to be another file than its URI says, once its real path is known; then its
overlay moves.
"""

from __future__ import annotations

from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.folders import Folders, WorkspaceFile
from sidelong.lsp.uris import path_from_uri


class Overlays:
    """Tells the indexes which documents are open, and as which files."""

    def __init__(self, folders: Folders, documents: Documents) -> None:
        self._folders = folders
        self._documents = documents
        self._shadowed: dict[str, list[WorkspaceFile]] = {}
        """The files that each document shadows, by its URI."""

    def put(self, doc: Document) -> None:
        """Let the document shadow its file, in every folder that holds it."""
        path = path_from_uri(doc.uri)
        if path is not None:
            self._folders.real_paths.seek(path, lambda: self._put_again(doc))
        files = self._folders.files(doc.uri)
        before = self._shadowed.get(doc.uri, [])
        self._shadowed[doc.uri] = files
        for file in before:
            if file not in files:
                self._uncover(file)
        for file in files:
            _cover(file, doc)

    def remove(self, doc: Document) -> None:
        """Let the file on disk count again, or another open document that is the same file."""
        for file in self._shadowed.pop(doc.uri, []):
            self._uncover(file)
        path = path_from_uri(doc.uri)
        if path is not None:
            self._folders.real_paths.forget(path)

    def put_all(self) -> None:
        """Put all open documents: an index is new, or a folder's real path has been found."""
        for doc in self._documents:
            self.put(doc)

    def _put_again(self, doc: Document) -> None:
        if self._documents.get(doc.uri) is doc:
            self.put(doc)

    def _uncover(self, file: WorkspaceFile) -> None:
        for doc in self._documents:
            if file in self._shadowed.get(doc.uri, []):
                _cover(file, doc)
                return
        if file.folder.index is not None:
            file.folder.index.close(file.path)


def _cover(file: WorkspaceFile, doc: Document) -> None:
    if file.folder.index is not None:
        file.folder.index.open(file.path, doc.text)
