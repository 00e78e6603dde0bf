"""A folder's correction decides in the editor too, and acceptance is counted there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lsprotocol import types

from sidelong.cli.user_config import write_threshold
from sidelong.engine.correction import Correction
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.learnt import save_correction

NewEditor = Callable[..., Any]

CODE = "def area(width, height):\n    return $0\n"
THRESHOLD = {"minProbability": 0, "retrieval": {"threshold": 0.87}}


def keep_correction(editor: Any, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save a correction for the editor's folder that always says 0.875."""
    hidden = llama.evaluate([1], rows=1, cancel=Cancel(), hidden=True).hidden
    assert hidden is not None
    scale = np.array([0.0]), np.array([0.875])
    correction = Correction(llama.fingerprint, 0.0, 0.0, np.zeros(hidden.shape[1]), *scale)
    with monkeypatch.context() as patch:
        patch.setenv("SIDELONG_CACHE_DIR", str(editor.folder.parent / "cache"))
        assert save_correction(editor.folder, correction)


def test_a_correction_of_the_folder_decides(
    new_editor: NewEditor, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = new_editor()
    (editor.folder / "shapes.py").write_text(
        "def perimeter(width, height):\n    return 2 * (width + height)\n", encoding="utf-8"
    )
    keep_correction(editor, llama, monkeypatch)
    editor.start(*editor.serve, options=THRESHOLD)
    doc = editor.open("area.py", CODE)

    def gate() -> Any:
        editor.complete(doc, invoked=True)
        return editor.explain(doc)["gate"]

    assert gate()["corrected"] == 0.875
    assert gate()["probability"] < gate()["threshold"]
    editor.until(lambda: gate()["retrieved"])  # once the folder is indexed


def test_a_running_editor_takes_up_what_calibrate_writes(
    new_editor: NewEditor, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0})
    doc = editor.open("area.py", CODE)

    def gate() -> Any:
        editor.complete(doc, invoked=True)
        return editor.explain(doc)["gate"]

    assert gate()["corrected"] is None
    keep_correction(editor, llama, monkeypatch)
    write_threshold(editor.folder.parent / "config.toml", editor.folder, 0.75)
    editor.until(lambda: gate()["corrected"] == 0.875)
    assert gate()["threshold"] == 0.75


def test_a_correction_that_is_deleted_is_missed_by_nobody(
    new_editor: NewEditor, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = new_editor()
    keep_correction(editor, llama, monkeypatch)
    for file in (tmp_path / "cache" / "learnt").iterdir():
        file.write_bytes(b"\0torn")
    editor.start(*editor.serve, options=THRESHOLD)
    doc = editor.open("area.py", CODE)
    editor.complete(doc, invoked=True)
    assert editor.explain(doc)["gate"]["corrected"] is None
    assert "is not used" in editor.log.read_text(encoding="utf-8")


HABIT = """def totals(item):
    one = compute_the_total(item, tax=True)
    two = compute_the_total(item, tax=True)
    three = compute_the_total(item, tax=True)
    four = compute_the_total(item, tax=True)
    five = comp$0
    return one + two + three + four + five
"""


def learnt(editor: Any) -> list[Path]:
    """The files of facts learnt about folders."""
    return sorted((editor.folder.parent / "cache" / "learnt").glob("*"))


def take(editor: Any, doc: Any, text: str) -> None:
    """Insert a suggestion as an editor does, without running its command."""
    editor.type(doc, text)
    editor.close(doc)
    assert editor.shut_down() == 0


def test_nothing_is_counted_unless_the_user_wants_it(new_editor: NewEditor) -> None:
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0})
    editor.client.set_configuration({"countAcceptance": True}, section="sidelong")
    editor.configure({"countAcceptance": True}, folder=editor.folder)
    doc = editor.open("habit.py", HABIT)
    take(editor, doc, editor.suggestion(doc))
    assert learnt(editor) == []


def test_a_suggestion_that_was_taken_is_counted_without_its_code(new_editor: NewEditor) -> None:
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0, "countAcceptance": True})
    doc = editor.open("habit.py", HABIT)
    take(editor, doc, editor.suggestion(doc))
    (file,) = learnt(editor)
    kept = file.read_text(encoding="utf-8")
    ((*_, shown, taken),) = next(iter(json.loads(kept)["models"].values()))
    assert (shown, taken) == (1, 1)
    assert "compute" not in kept
    assert "habit" not in kept
    assert list(editor.folder.iterdir()) == []


@pytest.mark.parametrize("how", ["the command", "Copilot's notification"])
def test_the_client_may_say_that_it_was_taken(new_editor: NewEditor, how: str) -> None:
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0, "countAcceptance": True})
    doc = editor.open("habit.py", HABIT)
    (item,) = editor.complete(doc)
    if how == "the command":
        editor.client.workspace_execute_command(
            types.ExecuteCommandParams(item.command.command, item.command.arguments)
        )
    else:
        command = {"command": item.command.command, "arguments": item.command.arguments}
        editor.client.protocol.notify(
            "textDocument/didPartiallyAcceptCompletion",
            {"item": {"insertText": item.insert_text, "command": command}, "acceptedLength": 3},
        )
    take(editor, doc, "uted")  # and then something else was made of it
    ((*_, shown, taken),) = next(
        iter(json.loads(learnt(editor)[0].read_text(encoding="utf-8"))["models"].values())
    )
    assert (shown, taken) == (1, 1)
