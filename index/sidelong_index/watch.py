"""Hears from the operating system which paths may have changed; the only user of watchdog.

Events are hints: they say where to look and when, never what is so. What is missed, the next scan
finds: see `index`.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

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
from watchdog.observers.api import BaseObserver

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


class Watcher:
    """Watches one root and calls `on_hint` with relative paths, '/' separated, on its own thread.

    Setting up takes seconds in a large tree, so `start` does it in the background. `on_ready` is
    called once changes are seen from then on; never, if watching is not possible.
    """

    def __init__(
        self, root: Path, *, on_hint: Callable[[str], None], on_ready: Callable[[], None]
    ) -> None:
        self._root = root
        self._on_hint = on_hint
        self._on_ready = on_ready
        self._lock = Lock()
        self._observer: BaseObserver | None = None
        self._stopped = False
        self._setup = Thread(target=self._set_up, name="sidelong-index-watch", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._setup.start()

    def stop(self) -> None:
        """End, and wait for it; idempotent. No hint comes afterwards."""
        with self._lock:
            first, self._stopped = not self._stopped, True
        if not first or self._setup.ident is None:
            return
        self._setup.join()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def _set_up(self) -> None:
        handler = _Handler(self._root, self._hint)
        try:
            observer = Observer()
            observer.schedule(handler, str(self._root), recursive=True, event_filter=_EVENTS)
            observer.start()
        except Exception as error:  # noqa: BLE001 - each system has its own, none may stop the index
            logger.warning(
                "Changes below %s are seen with a delay of up to a minute: watching is not"
                " possible (%s).%s",
                self._root,
                error,
                _remedy(error),
            )
            return
        self._observer = observer
        self._on_ready()

    def _hint(self, path: str) -> None:
        if not self._stopped:
            self._on_hint(path)


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


def _remedy(error: Exception) -> str:
    if getattr(error, "errno", None) in (24, 28):
        return (
            " The system's limit of watches is reached; to raise it, run"
            " `sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512`."
        )
    return ""
