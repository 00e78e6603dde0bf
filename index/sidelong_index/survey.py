"""Looks at a root as its index would, reading no file, to see what the index will not hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sidelong_index.problem import Problem, over_limit, unreadable
from sidelong_index.rules import Reason
from sidelong_index.walk import Listing, RootError, Tree
from sidelong_index.watch.coverage import Coverage
from sidelong_index.watch.watcher import Watcher


@dataclass(frozen=True)
class Survey:
    """A root as it lies there."""

    files: int
    """The number of files to be read; the content of some may keep them out."""
    size_bytes: int
    skipped: Mapping[str, Reason]
    """The files left out for their name or size; ignored ones are not among them."""
    coverage: Coverage
    problem: Problem | None
    """The reason why the index lacks files that it should hold."""


def survey_root(root: Path, exclude: Sequence[str] = ()) -> Survey:
    """The state of `root`, with the watches that its index would have; all are given back."""
    root = root.resolve()
    watcher = Watcher(root, lambda _: None)
    try:
        watcher.check()
        listing = Tree(root, exclude, on_enter=watcher.enter).walk() or Listing()
        files, size_bytes = len(listing.files), listing.size_bytes
        problem = over_limit(files, size_bytes) if listing.is_cut else None
        return Survey(files, size_bytes, listing.skipped, watcher.retain(listing.folders), problem)
    except RootError as error:
        return Survey(0, 0, {}, watcher.retain([]), unreadable(str(error)))
    finally:
        watcher.stop()
