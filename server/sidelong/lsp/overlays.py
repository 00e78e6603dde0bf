"""The open documents as the folders' indexes hold them; owned by the event loop.

A document may turn out to be another file than its URI says, once its real path is known; then its
overlay moves.
"""

from __future__ import annotations

from typing import TypeAlias

from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.folders import Folders, WorkspaceFile
from sidelong.lsp.uris import path_in_uri


class Overlays:
    """Tells the indexes which documents are open, and as which files."""

    def __init__(self, folders: Folders, documents: Documents) -> None:
        self._folders = folders
        self._documents = documents
        self._shadowed: dict[_Key, tuple[Document, list[WorkspaceFile]]] = {}
        """The documents that are shown to the indexes, with the files that each shadows."""

    def put(self, doc: Document) -> None:
        """Let the document shadow its file, in every folder that holds it.

        A document whose text is not known any more shadows nothing.
        """
        if not doc.in_step:
            self.remove(doc)
            return
        path = path_in_uri(doc.uri)
        if path is not None and self._folders.hold_text(doc.uri):
            self._folders.real_paths.seek(path, lambda: self._put_again(doc))
        files = self._folders.files(doc.uri)
        _, before = self._shadowed.get(_key(doc), (doc, []))
        self._shadowed[_key(doc)] = doc, files
        for file in before:
            if file not in files:
                self._uncover(file)
        for file in files:
            _cover(file, doc)

    def remove(self, doc: Document) -> None:
        """Let the file on disk count again, or another open document that is the same file."""
        _, files = self._shadowed.pop(_key(doc), (doc, []))
        for file in files:
            self._uncover(file)
        path = path_in_uri(doc.uri)
        others = {path_in_uri(other.uri) for other, _ in self._shadowed.values()}
        if path is not None and path not in others:
            self._folders.real_paths.forget(path)

    def put_all(self) -> None:
        """Put all open documents: an index is new, or a folder's real path has been found."""
        known = [doc for doc, _ in self._shadowed.values()]
        for doc in {*known, *(doc for doc in self._documents if doc.is_file)}:
            self.put(doc)

    def _put_again(self, doc: Document) -> None:
        if self._shadowed.get(_key(doc), (None, []))[0] is doc:
            self.put(doc)

    def _uncover(self, file: WorkspaceFile) -> None:
        for doc, files in self._shadowed.values():
            if file in files:
                _cover(file, doc)
                return
        if file.folder.index is not None:
            file.folder.index.close(file.path)


_Key: TypeAlias = tuple[str, str]


def _key(doc: Document) -> _Key:
    """Tells a notebook from the same file opened as JSON, which has its URI."""
    return doc.uri, doc.language


def _cover(file: WorkspaceFile, doc: Document) -> None:
    if file.folder.index is not None:
        file.folder.index.open(file.path, doc.text)
