"""Real code to measure on: packages that no model was trained on, and a snapshot of each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bench.held_out import PACKAGES

from sidelong.evaluation.blanks import Kind
from sidelong.evaluation.cases import Case, File, sample_cases
from sidelong_index import Snapshot, build

KINDS: tuple[Kind, ...] = ("rest", "line", "expression", "call")
"""People wait for these at a cursor."""


@dataclass(frozen=True)
class Package:
    """The Python files of a distribution, by their paths within it."""

    name: str
    root: Path
    files: dict[str, str]

    def snapshot(self) -> Snapshot:
        """All of it, indexed."""
        return build(self.files.items())

    def cases(self, n: int) -> list[Case]:
        """`n` blanks of these kinds, the same each time."""
        files = [File(path, "python", text) for path, text in self.files.items()]
        return sample_cases(files, n=n, seed=7, kinds=KINDS)

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
