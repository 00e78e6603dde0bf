"""The folders of the workspace, and the folder of each document; owned by the event loop.

`sidelong_index` keeps a folder's index in step with the disk, `indexing` with the editor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath
from typing import Final
from urllib.parse import unquote

from sidelong.engine import Correction
from sidelong.lsp.real_paths import RealPaths
from sidelong.lsp.uris import UNSAVED, file_name, path_from_uri, path_in_uri, relative_path, scheme
from sidelong.settings import Settings
from sidelong_index import Index

_LOCAL: Final = UNSAVED | {"file"}
"""Schemes of text that the user writes; a folder of a virtual file system has another."""


@dataclass(eq=False)
class Folder:
    """One workspace folder; equal to itself only."""

    uri: str
    name: str
    path: PurePath | None
    """None for a folder that is no directory here, such as one of a virtual file system."""
    settings: Settings = field(default_factory=Settings)
    index: Index | None = None
    correction: Correction | None = None
    """The correction that `sidelong calibrate` fitted for this folder."""


@dataclass(frozen=True)
class WorkspaceFile:
    """A document as a file of one workspace folder; nested folders hold the same document."""

    folder: Folder
    path: str
    """Relative to the folder, with `/`."""


class Folders:
    """All folders of the workspace, in the client's order."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Folder] = {}
        self.real_paths = RealPaths()
        """Of the folders and the open documents, as far as they are known."""

    def __iter__(self) -> Iterator[Folder]:
        return iter(list(self._by_uri.values()))

    def add(self, uri: str, name: str) -> Folder | None:
        """Add a folder; None if it is there already."""
        if _key(uri) in self._by_uri:
            return None
        folder = Folder(uri, name or file_name(uri), path_from_uri(uri))  # Zed's have no name
        self._by_uri[_key(uri)] = folder
        return folder

    def remove(self, uri: str) -> Folder | None:
        """Forget a folder and return it; None if it was not there."""
        folder = self._by_uri.pop(_key(uri), None)
        if folder is not None and folder.path is not None:
            self.real_paths.forget(folder.path)
        return folder

    def files(self, uri: str) -> list[WorkspaceFile]:
        """The document as a file of each folder that holds it, the deepest folder first.

        A document that was never saved counts as a file of the first folder.
        """
        if not self.hold_text(uri):
            return []
        path = path_in_uri(uri)
        if path is None:
            name = unquote(
                uri.partition(":")[2].partition("?")[0]
            )  # VS Code adds a notebook's kind
            return [WorkspaceFile(f, name) for f in list(self)[:1] if scheme(uri) in UNSAVED]
        if scheme(uri) not in _LOCAL:
            return self._below(PurePosixPath(_key(uri)), _virtual_path)
        real = self.real_paths.get(path)
        # The target of a link may lie outside; the link itself is in the folder still.
        return self._below(real, self.real_path) or self._below(path, lambda folder: folder.path)

    def hold_text(self, uri: str) -> bool:
        """False for a document that only shows text, such as a log or an old version of a file."""
        own = scheme(uri)
        if own == "file":  # Neovim calls every buffer without a name `file://`
            return path_from_uri(uri) is not None
        return own in _LOCAL or own in {scheme(folder.uri) for folder in self}

    def real_path(self, folder: Folder) -> PurePath | None:
        """The folder's path without links, as far as it is known; None if it has no path."""
        return None if folder.path is None else self.real_paths.get(folder.path)

    def file(self, uri: str) -> WorkspaceFile | None:
        """The document as a file of the deepest folder that holds it; None if none does."""
        return next(iter(self.files(uri)), None)

    def root(self, uri: str) -> PurePath | None:
        """The directory of the deepest folder that holds the document; None if none does."""
        file = self.file(uri)
        return None if file is None else file.folder.path

    def _below(
        self, path: PurePath, path_of: Callable[[Folder], PurePath | None]
    ) -> list[WorkspaceFile]:
        files = []
        for folder in self:
            top = path_of(folder)
            below = relative_path(path, top) if top is not None else None
            if below is not None:
                files.append(WorkspaceFile(folder, below))
        return sorted(files, key=lambda file: len(file.path))


def _key(uri: str) -> str:
    return unquote(uri).rstrip("/")


def _virtual_path(folder: Folder) -> PurePath | None:
    return PurePosixPath(_key(folder.uri)) if folder.path is None else None
