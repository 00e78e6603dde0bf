"""Changes on disk and in documents, against a live index: it ends as one built from nothing.

The index is the real one, with its thread, its watches and its kept file.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.index.contents import contents_of
from tests.index.disk import PATHS, TEXTS, Disk
from tests.nightly.part import Outcome

from sidelong_index import Index

FOLDERS, NAMES = ("p", "p/q", "r"), ("m.py", "n.js", "d/o.go")
WEIGHTS = {
    "write": 30, "delete": 8, "rename": 10, "ignore": 3, "type": 20, "close": 10, "set_exclude": 2,
    "pause": 3, "restart": 1,
}  # fmt: skip
BETWEEN = 25
"""Deeds between two comparisons."""
QUERIES = ("alpha beta", "def f return x", "gamma", "class A", "1 2 3")
PATIENCE_S = 60.0


def part(outcome: Outcome, count: int, seed: int, folder: Path) -> None:
    """Do `count` deeds; an index that differs from a new one is a failure."""
    rng = random.Random(seed)
    root = (folder / "root").resolve()
    root.mkdir()
    story = _Story(root, folder / "cache")
    try:
        while outcome.done < count:
            (deed,) = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
            getattr(story, deed)(rng.choice(story.paths), rng.choice(TEXTS))
            outcome.done += 1
            if outcome.done % BETWEEN == 0 or outcome.done == count:
                outcome.count("comparisons")
                outcome.count("chunks", _compare(outcome, story))
    finally:
        story.index.stop()


def _compare(outcome: Outcome, story: _Story) -> int:
    """The number of chunks; a difference is a failure."""
    if not story.index.wait(PATIENCE_S):
        outcome.failures.append(f"after {outcome.done:,} deeds the index never came to rest")
        return 0
    fresh = story.new_index(watch=False)
    try:
        fresh.start()
        fresh.wait(PATIENCE_S)
        ours, theirs = story.index.snapshot, fresh.snapshot
    finally:
        fresh.stop()
    differing = {path for path, *_ in contents_of(ours) ^ contents_of(theirs)}
    differing |= set(ours.paths()) ^ set(theirs.paths())
    if differing:
        outcome.failures.append(f"after {outcome.done:,} deeds these differ: {sorted(differing)}")
    elif any(ours.search(query, k=4) != theirs.search(query, k=4) for query in QUERIES):
        outcome.failures.append(f"after {outcome.done:,} deeds a search finds something else")
    return theirs.chunks


class _Story(Disk):
    """A live index and what happens around it."""

    def __init__(self, root: Path, cache: Path) -> None:
        super().__init__(
            root, [*PATHS, *(f"{folder}/{name}" for folder in FOLDERS for name in NAMES)]
        )
        self._cache = cache
        self._open: dict[str, str] = {}
        self._exclude: list[str] = []
        self.index = self.new_index(cache_dir=cache)
        self.index.start()

    def new_index(self, *, cache_dir: Path | None = None, watch: bool = True) -> Index:
        """An index that knows of the open documents and has not started."""
        index = Index(self.root, exclude=self._exclude, cache_dir=cache_dir, watch=watch)
        for path, text in self._open.items():
            index.open(path, text)
        return index

    def type(self, path: str, text: str) -> None:
        """Open a document, or change it."""
        self._open[path] = text
        self.index.open(path, text)

    def close(self, path: str, _: str) -> None:
        self._open.pop(path, None)
        self.index.close(path)

    def set_exclude(self, path: str, text: str) -> None:
        self._exclude = [[], ["*.py"], ["d/"], [path]][len(text) % 4]
        self.index.set_exclude(self._exclude)

    def pause(self, _: str, __: str) -> None:
        """Let the watches speak."""
        time.sleep(0.02)

    def restart(self, _: str, __: str) -> None:
        self.index.stop()
        self.index = self.new_index(cache_dir=self._cache)
        self.index.start()
