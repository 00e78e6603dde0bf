"""Files that are written whole, and the folders that hold them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sidelong import paths
from sidelong.files import sweep, whole

DIES = """
import os, signal, sys
from pathlib import Path
from sidelong.files import whole
with whole(Path(sys.argv[1])) as aside:
    aside.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def aged(path: Path, hours: float) -> Path:
    """The file, last written to so many hours ago."""
    then = path.stat().st_mtime - hours * 3600
    os.utime(path, (then, then))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_nobody_else_gets_into_the_folders_that_commands_make(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.py").write_text("width = 1\n")
    command = [sys.executable, "-m", "sidelong", "index", str(tmp_path / "project")]
    subprocess.run(command, umask=0, check=True, capture_output=True)
    assert paths.cache_dir().stat().st_mode & 0o077 == 0
    assert list(paths.index_cache_dir().iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_folder_is_made_for_its_user_alone_and_one_that_is_there_stays(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(0o755)
    before = os.umask(0)
    try:
        with whole(there / "new" / "newer" / "file") as aside:
            aside.touch()
    finally:
        os.umask(before)
    modes = [path.stat().st_mode & 0o777 for path in (there, there / "new", there / "new/newer")]
    assert modes == [0o755, 0o700, 0o700]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_what_a_killed_process_left_is_swept_at_a_later_start(tmp_path: Path) -> None:
    file = paths.learnt_dir() / "project.json"
    done = subprocess.run([sys.executable, "-c", DIES, str(file)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = paths.learnt_dir().iterdir()
    command = [sys.executable, "-m", "sidelong", "model", "list"]
    subprocess.run(command, check=True, capture_output=True)
    assert left.exists(), "another process may be writing it"
    aged(left, hours=2)
    subprocess.run(command, check=True, capture_output=True)
    assert not left.exists()


def test_an_index_that_was_half_written_is_swept_and_nothing_else_is(tmp_path: Path) -> None:
    names = ("project-0123456789abcdef-x7_2kq0a.tmp", ".config.toml.0a1b2c3d.tmp")
    others = ("notes.tmp", ".vimrc.tmp", "project-0123456789abcdef.index", ".config.toml.tmp")
    for name in (*names, *others):
        (tmp_path / name).touch()
        aged(tmp_path / name, hours=2)
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
