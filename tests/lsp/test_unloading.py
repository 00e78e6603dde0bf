"""A model that nobody asks is freed, and comes back for the next request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NewEditor = Callable[..., Any]

CODE = "def area(width, height):\n    return width * hei$0\n\nprint(area(2, 3))\n"
MODEL = '#! {"text": "{model} {asked}"}\n$0'
SOON = 0.003
"""Minutes."""


def message(editor: Any) -> str:
    """The message in the status bar."""
    return str(editor.statuses[-1]["message"]) if editor.statuses else ""


def set_user(editor: Any, **settings: object) -> None:
    """Change the user's own settings while the server runs."""
    editor.client.protocol.notify("sidelong/didChangeUserSettings", {"model": settings})


def text(editor: Any, doc: Any) -> str:
    items = editor.complete(doc, invoked=True)
    assert items, editor.explain(doc)
    return str(items[0].insert_text)


def test_it_is_freed_and_loads_again_for_a_request(new_editor: NewEditor, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.touch()
    model = {"path": str(path), "unloadAfterMinutes": SOON}
    editor = new_editor().start(options={"model": model})
    doc = editor.open("a.py", MODEL)
    for _ in range(2):
        editor.until(lambda: message(editor) == "a.gguf is unloaded until the next request")
        assert editor.state == "ready"
        # Another model: it counts its requests from 1.
        assert text(editor, doc) == "a.gguf 1"
        assert "Loading a.gguf again" in [each["message"] for each in editor.statuses]
        assert "Completing with a.gguf" in [each["message"] for each in editor.statuses]
    assert editor.log.read_text().count("a.gguf is closed") >= 2
    assert editor.shut_down() == 0


def test_the_cursor_that_moves_loads_it_ahead(new_editor: NewEditor) -> None:
    editor = new_editor().start(options={"model": {"unloadAfterMinutes": SOON}})
    doc = editor.open("a.py", MODEL)
    editor.until(lambda: message(editor).endswith("unloaded until the next request"))
    seen = len(editor.statuses)
    moved = {
        "textDocument": {"uri": doc.uri},
        "position": {"line": doc.position.line, "character": doc.position.character},
    }
    editor.client.protocol.notify("sidelong/didMoveCursor", moved)
    editor.until(lambda: any(each["state"] == "loading" for each in editor.statuses[seen:]))


def test_a_changed_limit_needs_no_other_model(new_editor: NewEditor) -> None:
    editor = new_editor().start(options={"model": {"unloadAfterMinutes": 0}})
    doc = editor.open("a.py", MODEL)
    assert text(editor, doc) == "scripted 1"
    set_user(editor, unloadAfterMinutes=60)
    assert text(editor, doc) == "scripted 2"
    assert "is closed" not in editor.log.read_text()
    set_user(editor, unloadAfterMinutes=SOON)
    editor.until(lambda: message(editor) == "scripted is unloaded until the next request")
    set_user(editor, unloadAfterMinutes=0)
    editor.until(lambda: text(editor, doc).startswith("scripted"))
    assert editor.shut_down() == 0


def test_a_model_that_does_not_come_back_is_told_and_tried_again(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    path = tmp_path / "a.gguf"
    path.touch()
    model = {"path": str(path), "unloadAfterMinutes": SOON}
    editor = new_editor().start(options={"model": model})
    doc = editor.open("a.py", MODEL)
    editor.until(lambda: message(editor) == "a.gguf is unloaded until the next request")
    path.unlink()
    assert editor.complete(doc, invoked=True) is None
    record = editor.explain(doc)
    assert (record["outcome"], "no such file" in record["reason"]) == ("not ready", True)
    editor.until(lambda: editor.state == "error")
    assert "no such file" in message(editor)
    path.touch()
    assert text(editor, doc) == "a.gguf 1"
    editor.until(lambda: message(editor) == "Completing with a.gguf")


# With the real model.


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_real_weights_leave_memory_and_come_back(
    new_editor: NewEditor, default_model: Path
) -> None:
    editor = new_editor()
    model = {"path": str(default_model), "unloadAfterMinutes": 0}
    editor.start(*editor.serve, options={"minProbability": 0, "model": model})
    doc = editor.open("a.py", CODE)
    maps = Path(f"/proc/{editor.client._server.pid}/maps")
    before = text(editor, doc)
    assert default_model.name in maps.read_text()
    set_user(editor, path=str(default_model), unloadAfterMinutes=SOON)
    editor.until(lambda: message(editor) == "nano.gguf is unloaded until the next request")
    assert default_model.name not in maps.read_text()
    set_user(editor, path=str(default_model), unloadAfterMinutes=0)
    assert text(editor, doc) == before
    assert default_model.name in maps.read_text()
    assert editor.shut_down() == 0
