"""The workspace a file on the command line belongs to, and its index with progress shown.

Which files count and where the index is kept is the index's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
)
from rich.progress import Progress as Bar
from rich.table import Column

from sidelong import paths
from sidelong.cli.bars import PATIENCE_S, Rate, on_a_terminal
from sidelong_index import Index, Progress

MARKERS = (
    ".git", ".hg", ".svn", "pyproject.toml", "setup.py", "setup.cfg", "package.json",
    "tsconfig.json", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts",
    "CMakeLists.txt", "compile_commands.json",
)  # fmt: skip
"""What lies in the top folder of a project."""


def find_root(file: Path) -> Path | None:
    """The nearest folder upwards that holds a project's marker, else the file's own.

    None for a file that lies directly in a home folder or at the root of a file system, which
    are no projects even with a marker in them.
    """
    folder = file.resolve().parent
    candidates = [path for path in (folder, *folder.parents) if not is_too_wide(path)]
    marked = (path for path in candidates if any((path / marker).exists() for marker in MARKERS))
    return next(marked, candidates[0] if candidates[:1] == [folder] else None)


def is_too_wide(folder: Path) -> bool:
    """Whether indexing the folder would read everything the user has."""
    return folder in (Path.home(), Path(folder.anchor))


@contextmanager
def indexed(
    root: Path, *, exclude: Sequence[str] = (), patience_s: float = PATIENCE_S
) -> Iterator[Index]:
    """An index of `root` that is up to date, taken from and kept in the cache folder.

    Progress goes to stderr once it has taken longer than `patience_s`.
    """
    with IndexBar(patience_s) as bar:
        index = Index(
            root,
            exclude=exclude,
            cache_dir=paths.index_cache_dir(),
            watch=False,
            on_progress=bar.update,
        )
        try:
            index.start()
            # In slices: a wait without end cannot be interrupted on Windows.
            while not index.wait(0.1):
                bar.tick()
            bar.close()
            yield index
        finally:
            index.stop()


class IndexBar:
    """A progress bar on stderr that appears if there is something to wait for.

    `update` may be called on any thread.
    """

    def __init__(self, patience_s: float) -> None:
        self._due = time.monotonic() + patience_s
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate("files", table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[current]}", style="dim", table_column=Column(no_wrap=True)),
            **on_a_terminal(),
        )
        self._task = self._bar.add_task("Looking for files", total=None, current="")
        self._shown = False

    def update(self, progress: Progress) -> None:
        """Show where the index is."""
        what = "Indexing" if progress.phase == "index" else "Looking for files"
        self._bar.update(
            self._task,
            description=what,
            completed=progress.done,
            total=progress.total or None,
            current=PurePosixPath(progress.current).name[:24],
        )

    def tick(self) -> None:
        """Appear if patience is at an end."""
        if not self._shown and time.monotonic() > self._due:
            self._shown = True
            self._bar.start()

    def close(self) -> None:
        """Disappear; idempotent."""
        self._bar.stop()

    def __enter__(self) -> IndexBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
