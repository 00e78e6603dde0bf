"""Walks a tree and lists the files that the index takes, by name and size, without reading them.

What is in a file may still keep it out: see `rules.read_text`. Nothing is ever written.

Links are not followed, neither to files nor to folders: what they lead to is found under its own
name or lies outside of the root. So there are no cycles either.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sidelong_index.ignores import MARKERS, VERSION_CONTROL, Ignores, Level, Mark, mark_of
from sidelong_index.rules import (
    Reason,
    Skipped,
    max_bytes,
    read_text,
    refuse_name,
    refuse_size,
)
from sidelong_index.scan import Stamp

MAX_FILES = 50_000
MAX_BYTES = 400 * 1024 * 1024
"""Of all files together. 100 MB of source take about 250 MB of memory."""

_MOUNT_POINT = 0xA0000003
"""`stat.IO_REPARSE_TAG_MOUNT_POINT`, which exists on Windows only."""


@dataclass
class Listing:
    """What a walk found."""

    files: dict[str, Stamp] = field(default_factory=dict)
    """The files to take, folder by folder from the top, by name within a folder."""
    skipped: dict[str, Reason] = field(default_factory=dict)
    """Files left out; ignored ones are not listed."""
    size_bytes: int = 0
    is_cut: bool = False
    """Whether a limit was reached; what lies deepest is missing then."""


class Tree:
    """A root on disk with the rules that hold in it. Belongs to one thread."""

    def __init__(
        self,
        root: Path,
        exclude: Sequence[str] = (),
        *,
        max_files: int = MAX_FILES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.root = root
        self._ignores = Ignores(root, exclude)
        self._max_files = max_files
        self._max_bytes = max_bytes

    def walk(self, on_folder: Callable[[Listing], bool] = lambda _: True) -> Listing | None:
        """List all files; None if the root cannot be read, or if `on_folder` said False.

        It is called after every folder, so that whoever waits may give up.
        """
        self._ignores.refresh()
        names = _scan(self.root)
        if names is None:
            return None
        listing = Listing()
        top = self._ignores.top(_gitignore(names))
        waiting = deque((path, top) for path in self._list("", top, names, listing))
        while waiting and not listing.is_cut:
            if not on_folder(listing):
                return None
            entered = self._enter(*waiting.popleft())
            if entered is not None:
                folder, level, inside = entered
                below = self._list(folder, level, inside, listing)
                waiting.extend((path, level) for path in below)
        return listing

    def look(self, path: str) -> Stamp | Reason | None:
        """One file: its stamp, why it is left out, or None: there is none."""
        refused = self.refuse(path)
        if refused is not None:
            return refused
        try:
            found = os.lstat(self.root / path)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return refuse_size(found.st_size, path) or _stamp(found)

    def refuse(self, path: str) -> Reason | None:
        """Why a file of this path is left out, whether it exists or not; None: it is not.

        Says "ignored" for what lies below a link, too.
        """
        *folders, name = path.split("/")
        if not name or any(part in ("", ".", "..") for part in folders):
            return "odd name"
        self._ignores.refresh()
        level = self._ignores.top(mark_of(self.root / ".gitignore"))
        here = ""
        for folder in folders:
            here = f"{here}{folder}"
            if folder in VERSION_CONTROL or level.ignores(here, is_dir=True):
                return "ignored"
            full = self.root / here
            if _is_link(full) or any((full / marker).exists() for marker in MARKERS):
                return "ignored"
            level = self._ignores.enter(
                here,
                level,
                mark_of(full / ".gitignore"),
                is_repository=(full / ".git").exists(),
            )
            here += "/"
        return _refuse_file(path, level)

    def read(self, path: str) -> bytes | Skipped | None:
        """What is in a file; None: it is not there any more."""
        try:
            with (self.root / path).open("rb") as file:
                return file.read(max_bytes(path) + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return Skipped("unreadable")

    def _list(
        self, folder: str, level: Level, names: Mapping[str, os.DirEntry[str]], listing: Listing
    ) -> Iterator[str]:
        """Take the files of a folder into the listing; the folders in it come back."""
        prefix = f"{folder}/" if folder else ""
        for name, entry in sorted(names.items()):
            path = prefix + name
            if _is_folder(entry):
                if name not in VERSION_CONTROL and not level.ignores(path, is_dir=True):
                    yield path
            elif entry.is_file(follow_symlinks=False):
                self._take(path, level, entry, listing)
            if listing.is_cut:
                return

    def _take(self, path: str, level: Level, entry: os.DirEntry[str], listing: Listing) -> None:
        refused = _refuse_file(path, level)
        if refused == "ignored":
            return
        if refused is None:
            try:
                stamp = _stamp(entry.stat(follow_symlinks=False))
            except OSError:
                return
            refused = refuse_size(stamp.size, path)
        if refused is not None:
            listing.skipped[path] = refused
            return
        full = len(listing.files) >= self._max_files
        if full or listing.size_bytes + stamp.size > self._max_bytes:
            listing.is_cut = True
            return
        listing.files[path] = stamp
        listing.size_bytes += stamp.size

    def _enter(
        self, folder: str, above: Level
    ) -> tuple[str, Level, Mapping[str, os.DirEntry[str]]] | None:
        names = _scan(self.root / folder)
        if names is None or not MARKERS.isdisjoint(names):
            return None
        level = self._ignores.enter(folder, above, _gitignore(names), is_repository=".git" in names)
        return folder, level, names


def select_files(
    root: Path,
    exclude: Sequence[str] = (),
    *,
    on_skip: Callable[[str, Reason], None] = lambda _path, _reason: None,
) -> Iterator[str]:
    """The files of a root that its index would hold, read and judged one by one.

    Paths are relative and '/' separated. `on_skip` hears of the files left out and why, except of
    ignored ones.
    """
    tree = Tree(root.resolve(), exclude)
    listing = tree.walk()
    if listing is None:
        return
    for path, reason in listing.skipped.items():
        on_skip(path, reason)
    for path in listing.files:
        data = tree.read(path)
        if data is None:
            continue
        text = data if isinstance(data, Skipped) else read_text(data, path)
        if isinstance(text, Skipped):
            on_skip(path, text.reason)
        else:
            yield path


def _refuse_file(path: str, level: Level) -> Reason | None:
    if level.ignores(path, is_dir=False):
        return "ignored"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "odd name"
    return refuse_name(path)


def _scan(folder: Path) -> dict[str, os.DirEntry[str]] | None:
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError:
        return None


def _gitignore(names: Mapping[str, os.DirEntry[str]]) -> Mark | None:
    entry = names.get(".gitignore")
    return mark_of(Path(entry.path)) if entry is not None else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not _is_junction(entry)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    return os.name == "nt" and _is_mount_point(entry.stat(follow_symlinks=False))


def _is_link(folder: Path) -> bool:
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISLNK(found.st_mode) or _is_mount_point(found)


def _is_mount_point(found: os.stat_result) -> bool:
    """Windows' other kind of link to a folder, a junction."""
    tag: int = getattr(found, "st_reparse_tag", 0)
    return tag == _MOUNT_POINT


def _stamp(found: os.stat_result) -> Stamp:
    if os.name == "nt":
        # What a listing of a folder says and what lstat says differ in all the rest.
        return Stamp(found.st_size, found.st_mtime_ns, 0, 0)
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
