"""From a keystroke to ghost text with everything real: server process, model, index, watcher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types

NewEditor = Callable[..., Any]

HABIT = """def totals(item):
    one = compute_the_total(item, tax=True)
    two = compute_the_total(item, tax=True)
    three = compute_the_total(item, tax=True)
    four = compute_the_total(item, tax=True)
    five = comp$0
    return one + two + three + four + five
"""
"""The workspace cache continues this, with any model."""

HELPERS = '''
def frobnicate_gadget(gadget, strength):
    """Turn the gadget until its frobnication is as strong as asked."""
    while gadget.frobnication < strength:
        gadget.turn(clockwise=True)
        gadget.wait_until_settled()
    return gadget.frobnication
'''
QUESTION = '''
def test_gadget(gadget, strength):
    """Turn the gadget until its frobnication is as strong as asked."""
    while gadget.frobnication < strength:
        gadget.$0
'''


def chunk_paths(editor: Any, doc: Any) -> set[str]:
    """The paths of the chunks that a request at the cursor retrieves."""
    editor.complete(doc, invoked=True)
    return {chunk["path"] for chunk in editor.explain(doc).get("chunks", [])}


def test_a_habit_is_completed(real_editor: Any) -> None:
    doc = real_editor.open("habit.py", HABIT)
    (item,) = real_editor.complete(doc)
    assert item.insert_text.startswith("ute_the_total(item")
    assert item.range.start == doc.position
    record = real_editor.explain(doc)
    assert record["outcome"] == "shown"
    assert record["tokens"]["evaluated"] > 0


def test_typing_along_asks_no_model(real_editor: Any) -> None:
    doc = real_editor.open("along.py", HABIT)
    suggestion = real_editor.suggestion(doc)
    for character in "ute_the":
        assert suggestion.startswith(character)
        real_editor.type(doc, character)
        suggestion = suggestion[1:]
        assert real_editor.suggestion(doc) == suggestion
        record = real_editor.explain(doc)
        assert record["recalled"]
        assert record["tokens"]["evaluated"] == 0


def test_typing_something_else_asks_the_model(real_editor: Any) -> None:
    doc = real_editor.open("else.py", HABIT)
    real_editor.suggestion(doc)
    real_editor.type(doc, "X")
    real_editor.complete(doc)
    assert not real_editor.explain(doc)["recalled"]


def test_a_file_edited_on_disk_is_retrieved(real_editor: Any) -> None:
    real_editor.configure({"retrieval": {"mode": "always"}})
    file = real_editor.folder / "on_disk.py"
    doc = real_editor.open("asks.py", QUESTION)
    file.write_text(HELPERS, encoding="utf-8")
    real_editor.until(lambda: "on_disk.py" in chunk_paths(real_editor, doc))
    assert real_editor.explain(doc)["gate"]["rule"] == "always"
    file.write_text("zzz = 1\n", encoding="utf-8")
    real_editor.until(lambda: "on_disk.py" not in chunk_paths(real_editor, doc))
    real_editor.configure(None)


def test_unsaved_text_is_retrieved_until_its_document_is_closed(real_editor: Any) -> None:
    real_editor.configure({"retrieval": {"mode": "always"}})
    doc = real_editor.open("asks_too.py", QUESTION)
    unsaved = real_editor.open("unsaved.py", "$0")
    real_editor.type(unsaved, HELPERS)
    real_editor.until(lambda: "unsaved.py" in chunk_paths(real_editor, doc))
    real_editor.close(unsaved)
    real_editor.until(lambda: "unsaved.py" not in chunk_paths(real_editor, doc))
    real_editor.configure(None)


def test_documents_that_were_never_saved_are_retrieved(real_editor: Any) -> None:
    real_editor.configure({"retrieval": {"mode": "always"}})
    doc = real_editor.open("asks_again.py", QUESTION)
    untitled = real_editor.open("", HELPERS, uri="untitled:Untitled-7")
    real_editor.until(lambda: "Untitled-7" in chunk_paths(real_editor, doc))
    real_editor.close(untitled)
    real_editor.configure(None)


def test_a_secret_that_is_open_is_not_retrieved(real_editor: Any) -> None:
    real_editor.configure({"retrieval": {"mode": "always"}})
    doc = real_editor.open("asks_secretly.py", QUESTION)
    real_editor.open(".env", HELPERS)
    real_editor.open("seen.py", HELPERS)
    real_editor.until(lambda: "seen.py" in chunk_paths(real_editor, doc))
    assert ".env" not in chunk_paths(real_editor, doc)
    real_editor.configure(None)


def test_two_folders_decide_by_their_own_settings(
    new_editor: NewEditor, tmp_path: Path, default_model: Path
) -> None:
    looks, abstains = tmp_path / "looks", tmp_path / "abstains"
    for folder in (looks, abstains):
        folder.mkdir()
        (folder / "helpers.py").write_text(HELPERS, encoding="utf-8")
    editor = new_editor()
    for folder, mode in ((looks, "always"), (abstains, "never")):
        editor.client.set_configuration(
            {"retrieval": {"mode": mode}}, section="sidelong", scope_uri=folder.as_uri()
        )
    editor.start(*editor.serve, folders=[looks, abstains])
    one = editor.open("", QUESTION, uri=(looks / "a.py").as_uri())
    two = editor.open("", QUESTION, uri=(abstains / "a.py").as_uri())
    editor.until(lambda: chunk_paths(editor, one) == {"helpers.py"})
    assert chunk_paths(editor, two) == set()
    assert editor.explain(two)["gate"]["rule"] == "never"
    assert editor.shut_down() == 0


def test_a_bad_model_is_one_message_and_the_server_lives(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(b"GGUF but no more")
    editor = new_editor()
    editor.start(*editor.serve, options={"model": {"path": str(torn)}})
    doc = editor.open("a.py", "x = $0")
    assert editor.complete(doc) is None
    (message,) = editor.client.messages
    assert message.type == types.MessageType.Error
    assert str(torn) in message.message
    assert editor.explain(doc)["reason"] == message.message
    editor.client.protocol.notify("sidelong/didChangeUserSettings", {})
    editor.until(lambda: editor.state == "ready")
    editor.complete(doc)
    assert editor.explain(doc)["outcome"] in ("shown", "empty")
    assert editor.shut_down() == 0


def test_an_index_is_kept_between_runs(new_editor: NewEditor, default_model: Path) -> None:
    first = new_editor()
    for i in range(20):
        (first.folder / f"module_{i}.py").write_text(HELPERS + f"value = {i}\n", encoding="utf-8")
    first.start(*first.serve)
    first.until(lambda: "20 files, 20 of them read" in first.log.read_text())
    assert first.shut_down() == 0
    second = new_editor()
    second.client.set_configuration({"retrieval": {"mode": "always"}}, section="sidelong")
    second.start(*second.serve)
    second.until(lambda: "20 files, 0 of them read" in second.log.read_text())
    assert chunk_paths(second, second.open("asks.py", QUESTION))
    assert second.shut_down() == 0


def test_nothing_is_written_into_the_workspace(new_editor: NewEditor, default_model: Path) -> None:
    editor = new_editor()
    (editor.folder / "a.py").write_text(HELPERS, encoding="utf-8")
    editor.start(*editor.serve)
    editor.complete(editor.open("b.py", QUESTION))
    assert editor.shut_down() == 0
    assert [file.name for file in editor.folder.rglob("*")] == ["a.py"]
