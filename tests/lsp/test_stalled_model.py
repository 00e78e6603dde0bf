"""A model on a disk that does not answer: a pipe that nobody writes to stands for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are POSIX's")

NewEditor = Callable[..., Any]


@pytest.fixture
def stalled(tmp_path: Path) -> str:
    os.mkfifo(tmp_path / "stalled.gguf")
    return str(tmp_path / "stalled.gguf")


def test_the_server_ends_all_the_same(new_editor: NewEditor, stalled: str) -> None:
    editor = new_editor()
    editor.start(*editor.serve, options={"model": {"path": stalled}})
    editor.until(lambda: editor.state == "loading" and "stalled" in editor.statuses[-1]["message"])
    assert editor.shut_down() == 0


def test_another_model_takes_its_place(new_editor: NewEditor, stalled: str) -> None:
    editor = new_editor()
    editor.start(*editor.serve, options={"model": {"path": stalled}})
    editor.until(lambda: editor.state == "loading" and "stalled" in editor.statuses[-1]["message"])
    editor.client.protocol.notify("sidelong/didChangeUserSettings", {})
    editor.until(lambda: editor.state == "ready" and "nano" in editor.statuses[-1]["message"])
    assert editor.shut_down() == 0
