"""The folder that a file on the command line belongs to, and its path in it."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from sidelong.cli.complete import relative_path
from sidelong.cli.workspace import find_root
from sidelong.language import language_id


def touched(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "package.json", "Cargo.toml"])
def test_the_nearest_folder_with_a_marker_is_the_root(tmp_path: Path, marker: str) -> None:
    touched(tmp_path / ".git")
    touched(tmp_path / "part" / marker)
    assert find_root(touched(tmp_path / "part" / "src" / "a.py")) == tmp_path / "part"


def test_a_file_in_no_project_has_its_own_folder(tmp_path: Path) -> None:
    assert find_root(touched(tmp_path / "notes" / "a.py")) == tmp_path / "notes"


def test_a_home_folder_is_never_taken_for_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, link = tmp_path / "home", tmp_path / "link"
    touched(home / ".git")
    link.symlink_to(home)
    for known_as in (home, link):
        for name in ("HOME", "USERPROFILE"):
            monkeypatch.setenv(name, str(known_as))
        assert find_root(touched(home / "a.py")) is None
        assert find_root(touched(home / "scratch" / "a.py")) == home / "scratch"


def test_paths_are_relative_with_slashes_and_bare_outside(tmp_path: Path) -> None:
    inside = touched(tmp_path / "root" / "a" / "b.py")
    outside = touched(tmp_path / "c.py")
    assert relative_path(inside, tmp_path / "root") == "a/b.py"
    assert relative_path(outside, tmp_path / "root") == "c.py"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("A.TSX", "typescriptreact"),
        ("x.h", "c"),
        ("x.rs", "rust"),
        ("README", "plaintext"),
        ("a.unknown", "plaintext"),
    ],
)
def test_languages_go_by_suffix(name: str, language: str) -> None:
    assert language_id(PurePath(name)) == language
