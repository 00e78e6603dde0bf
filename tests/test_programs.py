"""Programs of the system are found where the system has them, and nowhere in a workspace."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from sidelong.cli.source import tracked
from sidelong.programs import find_program

ROOT = Path(__file__).parents[1]
NAME = "sidelong-trap" if sys.platform != "win32" else "sidelong-trap.cmd"


def program(folder: Path, name: str = NAME) -> Path:
    """A program that leaves a trace beside itself."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text('#!/bin/sh\n: > "$0.ran"\n' if sys.platform != "win32" else "echo > %0.ran\n")
    file.chmod(0o755)
    return file


def test_the_first_absolute_folder_of_the_path_that_has_it_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "data").chmod(0o644)
    first, second = program(tmp_path / "first"), program(tmp_path / "second")
    (tmp_path / "folder" / NAME).mkdir(parents=True)
    names = ["nowhere", "folder", "first", "second"]
    if sys.platform != "win32":
        names.insert(0, "data")
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in names))
    assert find_program(NAME) == str(first)
    first.unlink()
    assert find_program(NAME) == str(second)
    second.unlink()
    assert find_program(NAME) is None


@pytest.mark.parametrize("entry", ["", ".", "bin", "{root}/bin", "{link}/bin"])
def test_no_program_of_the_workspace_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    root = tmp_path / "workspace"
    program(root)
    program(root / "bin")
    link = tmp_path / "link"
    link.symlink_to(root)
    monkeypatch.chdir(root)
    there = program(tmp_path / "system")
    entry = entry.format(root=root, link=link)
    monkeypatch.setenv("PATH", os.pathsep.join([entry, str(there.parent)]))
    assert find_program(NAME, outside=root) == str(there)
    monkeypatch.setenv("PATH", entry)
    assert find_program(NAME, outside=root) is None


@pytest.mark.skipif(sys.platform == "win32", reason="the trap is a shell script")
def test_a_git_in_the_workspace_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traps = [program(tmp_path / folder, "git") for folder in ("", "bin")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(tmp_path / "bin"), ""]))
    assert tracked(tmp_path) is None
    assert not [trap for trap in traps if trap.with_name("git.ran").exists()]


def test_programs_are_looked_for_in_one_place() -> None:
    looking = re.compile(r"shutil\.which|import which|\[\s*[\"'](?!-)[\w.-]+[\"'], [\"']-")
    """`which`, and a command line that begins with a bare name and has an option behind it."""
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for top in ("server/sidelong", "index/sidelong_index")
        for file in sorted((ROOT / top).rglob("*.py"))
        for line in file.read_text("utf-8").splitlines()
        if looking.search(line) and file.name != "programs.py"
    ]
    assert found == []
