"""The command line run in this process, and a small workspace for it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from sidelong.cli import main
from sidelong.waiting import Flag, result_of


@dataclass(frozen=True)
class Result:
    """The exit status and the output of a program."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output read as one JSON object."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


Run: TypeAlias = Callable[..., Result]


def runner(program: Callable[[Sequence[str]], int], capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a program with these arguments in this process."""

    def run(*arguments: object) -> Result:
        try:
            status = program([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        captured = capfd.readouterr()
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture
def sidelong(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `sidelong` with these arguments."""
    return runner(main, capfd)


SHAPES = """\
class Circle:
    def __init__(self, center, radius):
        self.center = center
        self.radius = radius

    def scaled(self, factor):
        return Circle(self.center, self.radius * factor)

    def contains(self, point):
        return distance(self.center, point) <= self.radius
"""

DRAWING = """\
from shapes import Circle


def grow(circles, factor):
    grown = []
    for circle in circles:
        grown.append(circle.scaled(factor))
    return grown


def covering(circles, point):
    return [circle for circle in circles if circle.contains(point)]


def halo(circle, factor):
    center = circle.center
    radius = circle.radius
    return
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A project of two files; `drawing.py` wants completing at 18:11."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\nname = 'shapes'\n", encoding="utf-8")
    (root / "shapes.py").write_text(SHAPES, encoding="utf-8")
    (root / "drawing.py").write_text(DRAWING, encoding="utf-8")
    return root


Digest: TypeAlias = Callable[[Path], str]
Git: TypeAlias = Callable[..., None]


@pytest.fixture
def digest() -> Digest:
    """Of every path below a folder, its kind, mode, time and bytes."""

    def of(root: Path) -> str:
        hashed = hashlib.sha256()
        for path in sorted(root.rglob("*")):
            stat = path.lstat()
            hashed.update(f"{path} {stat.st_mode} {stat.st_mtime_ns}".encode())
            if path.is_file():
                hashed.update(path.read_bytes())
        return hashed.hexdigest()

    return of


@pytest.fixture
def git() -> Git:
    """Run git in a folder."""

    def run(root: Path, *arguments: str) -> None:
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", root, *identity, *arguments], check=True, capture_output=True)

    return run


@pytest.fixture
def repository(workspace: Path, git: Git) -> Path:
    """The workspace under git, with a file that git does not track."""
    git(workspace, "init", "-q")
    git(workspace, "add", ".")
    git(workspace, "commit", "-q", "-m", "first")
    (workspace / "scratch.py").write_text("untracked = call(1)\n", encoding="utf-8")
    return workspace


InterruptAfter: TypeAlias = Callable[[int], None]


@pytest.fixture
def interrupt_after(monkeypatch: pytest.MonkeyPatch) -> InterruptAfter:
    """Ctrl-C while waiting for completion number `n` + 1."""

    def interrupt(n: int) -> None:
        asked = 0

        def waiting(future: Future[Any], stop: Flag) -> Any:
            nonlocal asked
            asked += 1
            if asked > n:
                stop.set()
                raise KeyboardInterrupt
            return result_of(future, stop)

        monkeypatch.setattr("sidelong.cli.asking.result_of", waiting)

    return interrupt
