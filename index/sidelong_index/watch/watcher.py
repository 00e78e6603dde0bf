"""Keeps the watches of one root in step with the folders that its index reads.

It starts again where watching has ended or the root is another folder, and takes no more watches
than the system can spare. How a system watches is in `inotify` and `tree`.
"""

import errno
import platform
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from sidelong_index.watch.coverage import Coverage

RESTART_AFTER_S = 5.0
"""The least time between two starts, for watches that end again and again."""

TRY_AGAIN_S = 600.0
"""A limit that was reached is tried again after this: it may have been raised meanwhile."""

_KEPT_AT_LIMIT = 0.75
"""Of the watches held when the limit is reached; the others are left to the user's programs."""


class Watches(Protocol):
    """The watches of one root as long as they last."""

    @property
    def is_sound(self) -> bool: ...

    def __contains__(self, folder: str) -> bool: ...

    def __len__(self) -> int: ...

    def add(self, folder: str) -> None: ...

    def retain(self, folders: Collection[str]) -> None: ...

    def shrink(self, size: int) -> None: ...

    def forget_moved(self) -> None: ...

    def stop(self) -> None: ...


class Watcher:
    """The watches of one root. Belongs to the index's thread; `on_hint` is called on another.

    Hints are paths relative to the root, '/' separated.
    """

    def __init__(self, root: Path, on_hint: Callable[[str], None]) -> None:
        self._root = root
        self._on_hint = on_hint
        self._watches: Watches | None = None
        self._identity: tuple[int, int] | None = None
        """Device and inode of the root that is watched; None: there is none."""
        self._started_s = 0.0
        self._most = sys.maxsize
        self._refused_s = 0.0
        self._error: OSError | None = None

    def check(self) -> bool:
        """See that the root is watched; True if that begins now, so that all must be scanned."""
        identity = _identity(self._root)
        now_s = time.monotonic()
        if now_s >= self._refused_s + TRY_AGAIN_S:
            self._most = sys.maxsize
        if identity == self._identity:
            if self._watches is not None and self._watches.is_sound:
                self._watches.forget_moved()
                return False
            pause_s = TRY_AGAIN_S if self._watches is None else RESTART_AFTER_S
            if identity is None or now_s < self._started_s + pause_s:
                return False
        self.stop()
        self._identity, self._started_s = identity, now_s
        return identity is not None and self._start()

    def enter(self, folder: str) -> None:
        """Watch a folder. Called before it is listed, so that no change is missed in between."""
        watches = self._watches
        if watches is None or len(watches) >= self._most or folder in watches:
            return
        try:
            watches.add(folder)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return  # The walk cannot read it either.
        except OSError as error:
            self._refused(watches, error)

    def retain(self, folders: Collection[str]) -> Coverage:
        """Give back the watches of all but these folders; returns the coverage of these."""
        if self._watches is None:
            return Coverage(len(folders), 0, self._error)
        self._watches.retain(folders)
        watched = sum(folder in self._watches for folder in folders)
        if watched == len(folders):
            self._error = None
        return Coverage(len(folders), watched, self._error)

    def stop(self) -> None:
        """Give back all watches; no hint comes afterwards. Idempotent."""
        watches, self._watches = self._watches, None
        if watches is not None:
            watches.stop()

    def _start(self) -> bool:
        try:
            self._watches = _watches(self._root, self._on_hint)
        except OSError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - each system has its own, none may stop the index
            self._error = OSError(0, str(error))
        return self._watches is not None

    def _refused(self, watches: Watches, error: OSError) -> None:
        """Give some watches back: at the limit, other programs get none either."""
        self._error = error
        self._most = int(len(watches) * _KEPT_AT_LIMIT)
        self._refused_s = time.monotonic()
        watches.shrink(self._most)


def _watches(root: Path, on_hint: Callable[[str], None]) -> Watches:
    """The way of this system; its library is installed there alone."""
    system = platform.system()
    if system == "Linux":
        from sidelong_index.watch.inotify import FolderWatches

        return FolderWatches(root, on_hint)
    if system in ("Darwin", "Windows"):
        from sidelong_index.watch.tree import TreeWatch

        return TreeWatch(root, on_hint)
    raise OSError(errno.ENOSYS, f"sidelong cannot watch folders on {system}")


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
