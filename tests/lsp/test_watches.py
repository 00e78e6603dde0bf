"""Watches that the system refuses: the user is told once, and completion goes on."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NewEditor = Callable[..., Any]

SCRIPTED = Path(__file__).with_name("scripted_server.py")

LIMITED = """
import os, sys
script = 'echo 20 > /proc/sys/user/max_inotify_watches && exec "$@"'
unshare = ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", sys.executable]
os.execvp("unshare", [*unshare, *sys.argv[1:]])
"""


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("unshare") is None, reason="needs a limit of its own"
)
def test_a_limit_of_the_system_is_one_message_with_its_remedy(new_editor: NewEditor) -> None:
    editor = new_editor()
    for i in range(40):
        (editor.folder / str(i)).mkdir()
    editor.start("-c", LIMITED, str(SCRIPTED), str(editor.log))
    editor.until(lambda: bool(editor.client.messages) and editor.state == "ready")
    editor.run(editor.request("sidelong/indexed", None))
    (message,) = editor.client.messages
    assert "26 of 41 folders are not watched" in message.message
    assert "sudo sysctl fs.inotify.max_user_watches" in message.message
    assert editor.suggestion(editor.open("a.py", '#! {"text": "1 + 1"}\n')) == "1 + 1"
    assert editor.shut_down() == 0


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("unshare") is None, reason="needs a limit of its own"
)
def test_of_two_limits_both_are_told(new_editor: NewEditor) -> None:
    editor = new_editor()
    for i in range(40):
        (editor.folder / str(i)).mkdir()
    (editor.folder / "last").mkdir()
    for i in range(401):
        with (editor.folder / "last" / f"{i}.txt").open("wb") as sparse:
            sparse.truncate(1024 * 1024)
    editor.start("-c", LIMITED, str(SCRIPTED), str(editor.log))
    editor.until(lambda: len(editor.client.messages) == 2)
    said = sorted(shown.message for shown in editor.client.messages)
    assert "folders are not watched" in said[1]
    assert "more than the index takes" in said[0]
    assert editor.shut_down() == 0
