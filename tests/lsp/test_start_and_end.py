"""`sidelong serve` from its start to its end: the folders that it keeps, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sidelong import paths
from sidelong.lsp.framing import Framer, frame

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and signals are POSIX's")


def framed(*messages: dict[str, Any]) -> bytes:
    return b"".join(frame(json.dumps({"jsonrpc": "2.0", **m}).encode()) for m in messages)


def served(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit status and the messages of a server that indexes a folder and is told to end."""
    about = {"capabilities": {}, "rootUri": folder.as_uri()}
    start = framed(
        {"id": 1, "method": "initialize", "params": about},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "sidelong/indexed"},
    )
    end = framed({"id": 3, "method": "shutdown"}, {"method": "exit"})
    command = [sys.executable, "-m", "sidelong", "serve"]
    pipe, framer = subprocess.PIPE, Framer()
    messages: list[dict[str, Any]] = []
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, umask=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(start)
        process.stdin.flush()
        while all(message.get("id") != 2 for message in messages):
            data = os.read(process.stdout.fileno(), 65_536)
            assert data, "the server has ended"
            messages += map(json.loads, framer.feed(data))
        rest, _ = process.communicate(end, timeout=60)
    return process.returncode, [*messages, *map(json.loads, framer.feed(rest))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.py").write_text("width = 1\n")
    return tmp_path / "project"


def test_nobody_else_gets_into_the_folders_that_a_server_makes(folder: Path) -> None:
    served(folder)
    assert list(paths.index_cache_dir().glob("*.index"))
    assert paths.cache_dir().stat().st_mode & 0o077 == 0
    made = [folder for folder in paths.written_dirs() if folder.is_dir()]
    assert [folder for folder in made if not folder.is_relative_to(paths.cache_dir())] == [
        paths.config_file().parent  # the tests made it
    ]


def test_exit_right_behind_shutdown_ends_the_server_with_0(folder: Path) -> None:
    status, messages = served(folder)
    assert status == 0
    assert [m["id"] for m in messages if "method" not in m] == [1, 2, 3]


def test_a_server_sweeps_what_a_killed_one_left(folder: Path) -> None:
    left = paths.index_cache_dir() / "project-0123456789abcdef-x7_2kq0a.tmp"
    left.parent.mkdir(parents=True)
    left.touch()
    served(folder)
    assert left.exists(), "another process may be writing it"
    then = time.time() - 7200
    os.utime(left, (then, then))
    served(folder)
    assert not left.exists()
