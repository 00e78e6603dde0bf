"""Watches the folders of a root as its index would, to see that the system lets it."""

from collections.abc import Sequence
from pathlib import Path

from sidelong_index.walk import Tree
from sidelong_index.watch.coverage import Coverage
from sidelong_index.watch.watcher import Watcher


def try_watching(root: Path, exclude: Sequence[str] = ()) -> Coverage:
    """The coverage that an index of `root` would have now; all watches are given back."""
    root = root.resolve()
    watcher = Watcher(root, lambda _: None)
    try:
        watcher.check()
        listing = Tree(root, exclude, on_enter=watcher.enter).walk()
        return watcher.retain(listing.folders if listing is not None else [])
    finally:
        watcher.stop()
