"""Changes of a folder on disk, as people and programs make them: each is a path and a text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

PATHS = ["a.py", "b.txt", "d/a.py", "d/c.txt", "d/e/a.py", "d", ".env", "e.js"]
TEXTS = [
    "",
    "alpha\n",
    "betas\n",  # as long as the one above: only its bytes tell
    "\0",
    "def f(x):\n    return x\n" * 20,
    "class A:\n" + "    def g(self):\n        return 1 + 2 + 3\n\n" * 15,
    "gamma alpha beta\n" * 45,
]


class Disk:
    """A folder and the deeds that change it; one that makes no sense there does nothing."""

    def __init__(self, root: Path, paths: Sequence[str] = PATHS) -> None:
        self.root = root
        self.paths = paths

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        for parent in file.relative_to(self.root).parents:
            if (self.root / parent).is_file():
                (self.root / parent).unlink()
        if file.is_dir():
            shutil.rmtree(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def delete(self, path: str, _: str) -> None:
        file = self.root / path
        if file.is_dir():
            shutil.rmtree(file)
        elif file.exists():
            file.unlink()

    def rename(self, path: str, other: str) -> None:
        source, target = self.root / path, self.root / self.paths[len(other) % len(self.paths)]
        if source.exists() and not target.exists() and source not in target.parents:
            if any(parent.is_file() for parent in target.parents):
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)

    def ignore(self, path: str, text: str) -> None:
        folder = self.root / Path(path).parent
        if folder.is_dir():
            (folder / ".gitignore").write_text(["", "a.py\n", "d/\n", "*.txt\n"][len(text) % 4])
