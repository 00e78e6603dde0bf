"""Walks a tree and lists the files that the index takes, by name and size, without reading them.

The content of a file may still keep it out: see `rules.read_text`. Nothing is ever written.

Links are not followed, neither to files nor to folders: their targets are found under their own
names or lie outside of the root. So there are no cycles either. Nor are linked work trees of a
repository entered from inside of it (`git worktree add`): they hold its files once more.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sidelong_index.gitconfig import find_repository, repository_at
from sidelong_index.ignores import MARKERS, VERSION_CONTROL, Ignores, Level, Mark, mark_of
from sidelong_index.regular_files import read_below
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
    """The result of a walk."""

    files: dict[str, Stamp] = field(default_factory=dict)
    """The files to take, folder by folder from the top, by name within a folder."""
    folders: list[str] = field(default_factory=list)
    """The folders that were listed, from the top; the root is ''."""
    skipped: dict[str, Reason] = field(default_factory=dict)
    """Files left out; ignored ones are not listed."""
    size_bytes: int = 0
    is_cut: bool = False
    """True if a limit was reached; the deepest files are missing then."""


@dataclass(frozen=True)
class _Scope:
    """The rules for the entries of one folder."""

    level: Level
    git_dirs: tuple[str, ...]
    """Of the repositories whose work trees hold the folder."""


class RootError(Exception):
    """The root cannot be listed; the message is the system's reason."""


class _GivenUp(Exception):
    """Whoever asked for a walk wants it no more."""


_Entries = Mapping[str, os.DirEntry[str]]
_Enter = Callable[[str], None]
_GoOn = Callable[[Listing], bool]


def _always(_: Listing) -> bool:
    return True


class Tree:
    """A root on disk with the rules that hold in it. Belongs to one thread.

    `on_enter` is called with each folder just before it is listed.
    """

    def __init__(
        self,
        root: Path,
        exclude: Sequence[str] = (),
        *,
        on_enter: _Enter = lambda _: None,
        max_files: int = MAX_FILES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.root = root
        self._on_enter = on_enter
        self._ignores = Ignores(root, exclude)
        self._git_dirs: tuple[str, ...] | None = None
        """Of the repository that holds the root, as of the last walk."""
        self._scopes: dict[str, _Scope | None] | None = None
        """Of the folders on the way to the paths looked at `at_once`."""
        self._max_files = max_files
        self._max_bytes = max_bytes

    def walk(self, go_on: _GoOn = _always) -> Listing | None:
        """List all files; None if `go_on` returned False. Raises `RootError`.

        It is called before every entry, since judging one by all ignore files may take 10 ms.
        """
        self._on_enter("")
        try:
            names = _scan(self.root)
        except OSError as error:
            raise RootError(error.strerror or str(error)) from None
        listing = Listing()
        self._git_dirs = None
        scope = self._top(_gitignore(names))
        try:
            below = list(self._list("", scope, names, listing, go_on))
            return self._walk(((path, scope) for path in below), listing, go_on)
        except _GivenUp:
            return None

    def walk_below(self, folder: str, go_on: _GoOn = _always) -> Listing | None:
        """List the files of one folder and all below it, as `walk` does; None if it is left out."""
        *above, name = folder.split("/")
        scope = self._scope(above)
        if scope is None or _is_left_out(folder, name, scope.level):
            return None
        try:
            listing = self._walk([(folder, scope)], Listing(), go_on)
        except _GivenUp:
            return None
        return listing if listing.folders else None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Read the rules of each folder once for all paths that are looked at within.

        Without it, paths below deep folders cost the depth of each.
        """
        self._scopes = {}
        try:
            yield
        finally:
            self._scopes = None

    def is_folder(self, path: str) -> bool:
        """True for a folder that is no link."""
        full = self.root / path
        return full.is_dir() and not _is_link(full)

    def look(self, path: str) -> Stamp | Reason | None:
        """The stamp of one file, the reason why it is left out, or None: there is none."""
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
        """The reason why a file of this path is left out, if it exists or not; None: it is not.

        That is "ignored" for all below a link, too.
        """
        *folders, name = path.split("/")
        if not name or any(part in ("", ".", "..") for part in folders):
            return "odd name"
        scope = self._scope(folders)
        return "ignored" if scope is None else _refuse_file(path, scope.level)

    def read(self, path: str) -> bytes | Skipped | None:
        """The content of a file; None: it is not there any more."""
        try:
            return read_below(self.root, path, max_bytes(path) + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return Skipped("unreadable")

    def _top(self, mark: Mark | None) -> _Scope:
        self._ignores.refresh()
        if self._git_dirs is None:
            repository = find_repository(self.root)
            self._git_dirs = (os.path.realpath(repository.git_dir),) if repository else ()
        return _Scope(self._ignores.top(mark), self._git_dirs)

    def _scope(self, folders: Sequence[str]) -> _Scope | None:
        """The rules in a folder, given by the names on the way to it; None if it is left out."""
        scopes = {} if self._scopes is None else self._scopes
        here = ""
        if here not in scopes:
            scopes[here] = self._top(mark_of(self.root / ".gitignore"))
        scope = scopes[here]
        for name in folders:
            here = f"{here}/{name}" if here else name
            if scope is not None and here not in scopes:
                scopes[here] = self._scope_below(here, name, scope)
            scope = scopes.get(here)
        return scope

    def _scope_below(self, folder: str, name: str, above: _Scope) -> _Scope | None:
        full = self.root / folder
        if _is_left_out(folder, name, above.level) or _is_link(full):
            return None
        if any((full / marker).exists() for marker in MARKERS):
            return None
        mark = mark_of(full / ".gitignore")
        return self._below(folder, above, mark, is_repository=(full / ".git").exists())

    def _below(
        self, folder: str, above: _Scope, mark: Mark | None, *, is_repository: bool
    ) -> _Scope | None:
        """The rules in a folder; None for one more work tree of a repository that holds it."""
        git_dirs = above.git_dirs
        if is_repository:
            repository = repository_at(self.root / folder)
            if repository is not None:
                git_dir = os.path.realpath(repository.git_dir)
                if git_dir in git_dirs:
                    return None
                git_dirs = (*git_dirs, git_dir)
        level = self._ignores.enter(folder, above.level, mark, is_repository=is_repository)
        return _Scope(level, git_dirs)

    def _walk(
        self, folders: Iterable[tuple[str, _Scope]], listing: Listing, go_on: _GoOn
    ) -> Listing:
        waiting = deque(folders)
        while waiting and not listing.is_cut:
            if not go_on(listing):
                raise _GivenUp
            entered = self._enter(*waiting.popleft())
            if entered is not None:
                folder, scope, names = entered
                below = self._list(folder, scope, names, listing, go_on)
                waiting.extend((path, scope) for path in below)
        return listing

    def _enter(self, folder: str, above: _Scope) -> tuple[str, _Scope, _Entries] | None:
        self._on_enter(folder)
        try:
            names = _scan(self.root / folder)
        except OSError:
            return None
        if not MARKERS.isdisjoint(names):
            return None
        scope = self._below(folder, above, _gitignore(names), is_repository=".git" in names)
        return None if scope is None else (folder, scope, names)

    def _list(
        self, folder: str, scope: _Scope, names: _Entries, listing: Listing, go_on: _GoOn
    ) -> Iterator[str]:
        """Take the files of a folder into the listing; the folders in it come back."""
        listing.folders.append(folder)
        prefix = f"{folder}/" if folder else ""
        for name, entry in sorted(names.items()):
            if not go_on(listing):
                raise _GivenUp
            path = prefix + name
            if _is_folder(entry):
                if not _is_left_out(path, name, scope.level):
                    yield path
            elif entry.is_file(follow_symlinks=False):
                self._take(path, scope.level, entry, listing)
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


def select_files(
    root: Path,
    exclude: Sequence[str] = (),
    *,
    on_skip: Callable[[str, Reason], None] = lambda _path, _reason: None,
) -> Iterator[str]:
    """The paths of `select_texts`."""
    return (path for path, _ in select_texts(root, exclude, on_skip=on_skip))


def select_texts(
    root: Path,
    exclude: Sequence[str] = (),
    *,
    on_skip: Callable[[str, Reason], None] = lambda _path, _reason: None,
) -> Iterator[tuple[str, str]]:
    """The files of a root that its index would hold, read and judged one by one: path and text.

    Paths are relative and '/' separated. `on_skip` hears of the files left out and why, except of
    ignored ones. There are none where the root cannot be listed. The text of a notebook is that of
    its cells, and secrets within a text are not masked.
    """
    tree = Tree(root.resolve(), exclude)
    try:
        listing = tree.walk() or Listing()
    except RootError:
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
            yield path, text


def _is_left_out(folder: str, name: str, level: Level) -> bool:
    return name in VERSION_CONTROL or level.ignores(folder, is_dir=True)


def _refuse_file(path: str, level: Level) -> Reason | None:
    # In a linked work tree and in a submodule, `.git` is a file.
    if path.rpartition("/")[2] in VERSION_CONTROL or level.ignores(path, is_dir=False):
        return "ignored"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "odd name"
    return refuse_name(path)


def _scan(folder: Path) -> dict[str, os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return {entry.name: entry for entry in entries}


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
        # In all the rest the listing of a folder and lstat differ.
        return Stamp(found.st_size, found.st_mtime_ns, 0, 0)
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
