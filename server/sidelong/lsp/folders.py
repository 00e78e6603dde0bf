"""The workspace's folders, and which of them a document belongs to; owned by the event loop.

Their indexes are kept in step with the disk by `sidelong_index` and with the editor by `indexing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sidelong.engine import Correction
from sidelong.lsp.real_paths import RealPaths
from sidelong.lsp.uris import path_from_uri, relative_path
from sidelong.settings import Settings

if TYPE_CHECKING:
    from sidelong_index import Index


@dataclass(eq=False)
class Folder:
    """One workspace folder; equal to itself only."""

    uri: str
    name: str
    path: PurePath | None
    """None for a folder that is no directory here, such as a virtual file system's."""
    settings: Settings = field(default_factory=Settings)
    index: Index | None = None
    correction: Correction | None = None
    """What was learnt about the decision here, by `sidelong calibrate`."""


@dataclass(frozen=True)
class Place:
    """A document in a folder, which may be one of several that hold it."""

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
        """Take in a folder; None if it is there already."""
        if _key(uri) in self._by_uri:
            return None
        folder = Folder(uri, name, path_from_uri(uri))
        self._by_uri[_key(uri)] = folder
        return folder

    def remove(self, uri: str) -> Folder | None:
        """Forget a folder and return it; None if it was not there."""
        folder = self._by_uri.pop(_key(uri), None)
        if folder is not None and folder.path is not None:
            self.real_paths.forget(folder.path)
        return folder

    def places(self, uri: str) -> list[Place]:
        """Where the document lies, the deepest folder first; empty if in none.

        A document that was never saved lies in the first folder, where its author works.
        """
        path = path_from_uri(uri)
        if path is None:
            untitled = uri.startswith("untitled:")
            return [Place(folder, unquote(uri[9:])) for folder in list(self)[:1] if untitled]
        real = self.real_paths.get(path)
        # The target of a link may lie outside; the link itself is in the folder still.
        return self._below(real, self.real_path) or self._below(path, lambda folder: folder.path)

    def real_path(self, folder: Folder) -> PurePath | None:
        """The folder's path without links, as far as it is known; None if it has no path."""
        return None if folder.path is None else self.real_paths.get(folder.path)

    def _below(self, path: PurePath, path_of: Callable[[Folder], PurePath | None]) -> list[Place]:
        places = []
        for folder in self:
            top = path_of(folder)
            below = relative_path(path, top) if top is not None else None
            if below is not None:
                places.append(Place(folder, below))
        return sorted(places, key=lambda place: len(place.path))

    def place(self, uri: str) -> Place | None:
        """Where the document belongs: the deepest folder that holds it."""
        return next(iter(self.places(uri)), None)

    def root(self, uri: str) -> PurePath | None:
        """The directory of the folder where the document belongs."""
        place = self.place(uri)
        return None if place is None else place.folder.path


def _key(uri: str) -> str:
    return unquote(uri).rstrip("/")
