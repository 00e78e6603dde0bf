"""The helpers of the index's tests: folders with files in them, and a look at the index."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from tests.index.contents import contents_of

from sidelong_index import Snapshot

Plant = Callable[[Mapping[str, str]], Path]
Contents = Callable[[Snapshot], set[tuple[str, int, int, str, str]]]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, so that nobody's own git configuration has a say."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The workspace."""
    root = tmp_path / "workspace"
    root.mkdir()
    return root


@pytest.fixture
def plant(root: Path) -> Plant:
    """Writes files below the root, by their relative paths."""

    def plant(files: Mapping[str, str]) -> Path:
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return root

    return plant


@pytest.fixture
def contents() -> Contents:
    """All chunks of a snapshot: path, first and last line, context, text."""
    return contents_of


@pytest.fixture
def git_ignores() -> Callable[[Path, Iterable[str]], set[str]]:
    """Which of some paths real git ignores; the test is skipped where there is no git."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("there is no git")

    def ask(top: Path, paths: Iterable[str]) -> set[str]:
        if not (top / ".git").exists():
            subprocess.run([git, "init", "-q", str(top)], check=True)
        answer = subprocess.run(
            [git, "check-ignore", "--no-index", "-z", "--stdin"],
            cwd=top,
            input="\0".join(paths).encode(),
            stdout=subprocess.PIPE,
            check=False,
        )
        assert answer.returncode in (0, 1)
        return set(answer.stdout.decode().split("\0")) - {""}

    return ask
