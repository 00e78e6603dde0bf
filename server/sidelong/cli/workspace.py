"""The workspace that a file on the command line belongs to, and its index with progress shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
)
from rich.table import Column

from sidelong import paths
from sidelong.cli.bars import PATIENCE_S, Late, Rate
from sidelong.cli.terminal import warn
from sidelong.errors import SidelongError
from sidelong.files import make_private
from sidelong.waiting import wait_in_slices
from sidelong_index import Index, Progress

MARKERS = (
    ".git", ".hg", ".svn", "pyproject.toml", "setup.py", "setup.cfg", "package.json",
    "tsconfig.json", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts",
    "CMakeLists.txt", "compile_commands.json",
)  # fmt: skip
"""Names that only the top folder of a project holds."""


class FolderError(SidelongError):
    """There is no such folder."""


def existing_folder(folder: Path, purpose: str) -> Path:
    """The folder with its links resolved; raises `FolderError`, which names the purpose."""
    if not folder.is_dir():
        raise FolderError(f"{folder} is no folder. Give the folder to {purpose}.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise FolderError(f"{folder} cannot be read. Make it readable, or give another folder.")
    return folder.resolve()


def find_root(file: Path) -> Path | None:
    """The nearest folder upwards that holds a project's marker, else the file's own.

    None for a file that lies directly in a home folder or at the root of a file system: those are
    no projects, even with a marker in them.
    """
    folder = file.resolve().parent
    candidates = [path for path in (folder, *folder.parents) if not is_too_wide(path)]
    marked = (path for path in candidates if any((path / marker).exists() for marker in MARKERS))
    return next(marked, candidates[0] if candidates[:1] == [folder] else None)


def is_too_wide(folder: Path) -> bool:
    """True if indexing the folder, a path without links, would read everything the user has."""
    return folder in (Path.home(), Path.home().resolve(), Path(folder.anchor))


@contextmanager
def indexed(
    root: Path, *, exclude: Sequence[str] = (), patience_s: float = PATIENCE_S
) -> Iterator[Index]:
    """An index of `root` that is up to date, taken from and kept in the cache folder.

    Progress goes to stderr once it has taken longer than `patience_s`, and so does what the index
    has to say to its user.
    """
    with suppress(OSError):  # without it nothing is kept, which the index says
        make_private(paths.index_cache_dir())
    problems: list[str] = []
    with IndexBar(patience_s) as bar:
        index = Index(
            root,
            exclude=exclude,
            cache_dir=paths.index_cache_dir(),
            watch=False,
            on_progress=bar.update,
            on_warning=problems.append,
        )
        try:
            index.start()
            wait_in_slices(index.wait)
            bar.stop()
            warn(*problems)
            yield index
        finally:
            index.stop(timeout=None)


class IndexBar(Late):
    """The progress of an index; `update` may be called on any thread."""

    def __init__(self, patience_s: float) -> None:
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate("files", table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[current]}", style="dim", table_column=Column(no_wrap=True)),
            patience_s=patience_s,
        )
        self._task = self._bar.add_task("Looking for files", total=None, current="")

    def update(self, progress: Progress) -> None:
        """Show the progress."""
        what = "Indexing" if progress.phase == "index" else "Looking for files"
        self._bar.update(
            self._task,
            description=what,
            completed=progress.done,
            total=progress.total or None,
            current=PurePosixPath(progress.current).name[:24],
        )
