"""Linux: one inotify watch for each folder; the only user of inotify_simple.

inotify has no recursion. Watching folders one by one, as the walk enters them, leaves ignored
folders alone: `node_modules` takes more watches than all source folders together, and every
program of the user draws on the same number.
"""

import logging
import os
import select
from collections import deque
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from threading import Thread

from inotify_simple import INotify, flags

logger = logging.getLogger(__name__)

_MASK = (
    flags.CREATE | flags.MODIFY | flags.DELETE | flags.MOVED_FROM | flags.MOVED_TO
    | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR | flags.DONT_FOLLOW | flags.EXCL_UNLINK
)  # fmt: skip
"""Not opening and closing: reading the files would cause these events itself."""

_LOST = flags.DELETE_SELF | flags.MOVE_SELF | flags.UNMOUNT | flags.IGNORED
"""A watch belongs to a folder, not to a name: the name may stand for another folder now."""


class FolderWatches:
    """Watches of single folders. Belongs to the index's thread; it hints on a thread of its own."""

    def __init__(self, root: Path, on_hint: Callable[[str], None]) -> None:
        self._root = root
        self._on_hint = on_hint
        self._inotify = INotify()
        self._folders: dict[int, str] = {}
        """The folder of each watch, oldest watch first; the reader looks things up in it."""
        self._watches: dict[str, int] = {}
        self._lost: deque[int] = deque()
        """Watches of folders that have moved or gone, from the reader."""
        self._overflowed = False
        self._wake_r, self._wake_w = os.pipe()
        self._poll = select.poll()
        self._poll.register(self._inotify, select.POLLIN)
        self._poll.register(self._wake_r, select.POLLIN)
        self._reader = Thread(target=self._read, name="sidelong-index-watch", daemon=True)
        self._reader.start()

    @property
    def is_sound(self) -> bool:
        """False once events are no longer read or were lost; then all must be begun again."""
        return self._reader.is_alive() and not self._overflowed

    def __contains__(self, folder: str) -> bool:
        return folder in self._watches

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, folder: str) -> None:
        """Watch a folder, relative to the root; raises OSError where the system refuses."""
        watch = self._inotify.add_watch(self._root / folder, _MASK)
        before = self._folders.get(watch)
        if before is not None:
            # The same folder under the name that it had before.
            del self._watches[before]
        self._folders[watch] = folder
        self._watches[folder] = watch

    def retain(self, folders: Collection[str]) -> None:
        """Give back the watches of all other folders."""
        for folder in self._watches.keys() - set(folders):
            self._give_back(folder)

    def shrink(self, size: int) -> None:
        """Give back the newest watches until `size` are left."""
        for folder in list(self._watches)[size:]:
            self._give_back(folder)

    def forget_moved(self) -> None:
        """Give back the watches of folders that have moved or gone, with all below them."""
        moved = set()
        while self._lost:
            moved.add(self._folders.get(self._lost.popleft()))
        if moved - {None}:
            self.retain([folder for folder in self._watches if moved.isdisjoint(_upwards(folder))])

    def stop(self) -> None:
        """End; no hint comes afterwards. Idempotent."""
        if self._wake_w >= 0:
            os.write(self._wake_w, b"!")
            self._reader.join()
            self._inotify.close()
            os.close(self._wake_r)
            os.close(self._wake_w)
            self._wake_w = -1

    def _give_back(self, folder: str) -> None:
        watch = self._watches.pop(folder)
        del self._folders[watch]
        try:
            self._inotify.rm_watch(watch)
        except OSError:
            return  # It ended with its folder.

    def _read(self) -> None:
        try:
            while self._wait():
                for event in self._inotify.read(timeout=0):
                    self._tell(event.wd, event.mask, event.name)
        except Exception:
            logger.exception("Watching %s has ended; it begins again soon", self._root)

    def _wait(self) -> bool:
        """True once there are events, False once there is to be an end."""
        return all(ready != self._wake_r for ready, _ in self._poll.poll())

    def _tell(self, watch: int, mask: int, name: str) -> None:
        if mask & flags.Q_OVERFLOW:
            self._overflowed = True
        folder = self._folders.get(watch)
        if folder is None:
            return
        if mask & _LOST:
            self._lost.append(watch)
            self._on_hint(folder)
        else:
            self._on_hint(f"{folder}/{name}" if folder else name)


def _upwards(folder: str) -> Iterator[str]:
    """The folder and all above it, up to the root, which is ''."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield folder
