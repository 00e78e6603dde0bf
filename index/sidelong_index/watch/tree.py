"""macOS and Windows: one watch for the whole tree, which costs nothing more there than one folder.

The only user of watchdog. FSEvents and ReadDirectoryChangesW report all that happens below a
folder; events in ignored folders are dropped here or by the index.
"""

import logging
import os
from collections.abc import Callable, Collection
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

logger = logging.getLogger(__name__)

_NOISY = frozenset({".git", ".hg", ".svn", ".jj", "node_modules", "__pycache__", ".venv"})
"""Folders whose events are dropped at once: they come by the thousand and never matter."""

_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
"""Not those of files being opened and closed: reading the files would cause them itself."""

_PATIENCE_S = 2.0


class TreeWatch:
    """One watch of a root and all below it. Belongs to the index's thread; hints on another."""

    def __init__(self, root: Path, on_hint: Callable[[str], None]) -> None:
        self._observer = Observer()
        self._observer.schedule(
            _Handler(root, on_hint), str(root), recursive=True, event_filter=_EVENTS
        )
        self._observer.start()
        self._stopped = False

    @property
    def is_sound(self) -> bool:
        """False once one of watchdog's threads has ended, by an error or with the root."""
        return self._observer.is_alive() and all(e.is_alive() for e in self._observer.emitters)

    def __contains__(self, folder: str) -> bool:
        return True

    def __len__(self) -> int:
        return 1

    def add(self, folder: str) -> None:
        """Nothing: it is watched already."""

    def retain(self, folders: Collection[str]) -> None:
        """Nothing: there is one watch."""

    def shrink(self, size: int) -> None:
        """Nothing: there is one watch."""

    def forget_moved(self) -> None:
        """Nothing: the watch is on the root, and names below it are told as they are."""

    def stop(self) -> None:
        """End, and wait for it a while; idempotent.

        A failure in watchdog must not keep the index from ending; its threads end with the process.
        """
        if self._stopped:
            return
        self._stopped = True
        try:
            self._observer.stop()
            self._observer.join(_PATIENCE_S)
        except Exception:
            logger.exception("watchdog did not stop as it should")


class _Handler(FileSystemEventHandler):
    def __init__(self, root: Path, hint: Callable[[str], None]) -> None:
        self._prefix = f"{root}{os.sep}"
        self._hint = hint

    def dispatch(self, event: FileSystemEvent) -> None:
        for raw in (event.src_path, event.dest_path):
            path = os.fsdecode(raw)
            if path.startswith(self._prefix):
                relative = path[len(self._prefix) :].replace(os.sep, "/")
                if _NOISY.isdisjoint(relative.split("/")):
                    self._hint(relative)
