"""Real code to measure on: packages that no model was trained on, and a snapshot of each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bench.held_out import PACKAGES

from sidelong_index import Snapshot, build


@dataclass(frozen=True)
class Package:
    """The Python files of a distribution, by their paths within it."""

    name: str
    root: Path
    files: dict[str, str]

    def snapshot(self) -> Snapshot:
        """All of it, indexed."""
        return build(self.files.items())

    def longest(self, n: int) -> list[str]:
        """The paths of its `n` longest files."""
        return sorted(self.files, key=lambda path: len(self.files[path]), reverse=True)[:n]


def package(name: str = "httpx") -> Package:
    """The installed package."""
    root = Path(str(resources.files(PACKAGES[name])))
    files = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*.py"))
    }
    return Package(name, root, files)
