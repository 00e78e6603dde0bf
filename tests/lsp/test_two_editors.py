"""Two editors on one folder: each has its own server, and they share the kept index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

NewEditor = Callable[..., Any]

BODY = "while gadget.frobnication < strength:\n    gadget.turn(clockwise=True)\n"
QUESTION = BODY.partition("turn(")[0] + "$0"
ALWAYS = {"retrieval": {"mode": "always"}}


def begin(new_editor: NewEditor, name: str) -> Any:
    """An editor on the one folder, whose server keeps a log of its own."""
    editor = new_editor()
    editor.log = editor.folder.parent / f"{name}.log"
    editor.client.set_configuration(ALWAYS, section="sidelong")
    return editor.start(*editor.serve)


def said(editor: Any, text: str) -> Callable[[], bool]:
    return lambda: text in editor.log.read_text()


def retrieved(editor: Any, doc: Any) -> set[str]:
    editor.complete(doc, invoked=True)
    return {chunk["path"] for chunk in editor.explain(doc).get("chunks", [])}


def test_both_keep_the_index_and_the_second_starts_from_the_firsts(
    new_editor: NewEditor, default_model: Path, tmp_path: Path
) -> None:
    folder, kept = tmp_path / "workspace", tmp_path / "cache/index"
    folder.mkdir()
    for i in range(20):
        (folder / f"module_{i}.py").write_text(f"value_{i} = {i}\n", encoding="utf-8")
    first = begin(new_editor, "first")
    first.until(said(first, "20 files, 20 of them read"))
    first.until(lambda: list(kept.glob("*.index")))
    second = begin(new_editor, "second")
    second.until(said(second, "20 files, 0 of them read"))

    (folder / "late.py").write_text(BODY, encoding="utf-8")
    docs = {editor: editor.open("asks.py", QUESTION) for editor in (first, second)}
    for editor, doc in docs.items():
        editor.until(lambda editor=editor, doc=doc: "late.py" in retrieved(editor, doc))
    (folder / "late.py").unlink()
    first.type(docs[first], " ")
    for editor, doc in docs.items():  # unsaved text of one editor is not the other's
        editor.until(lambda editor=editor, doc=doc: retrieved(editor, doc) == set())

    for editor in docs:  # both save at the end, at about the same time
        editor.run(editor.client.shutdown_session())
    assert [editor.stop() for editor in docs] == [0, 0]
    assert [file.suffix for file in kept.iterdir()] == [".index"]
    third = begin(new_editor, "third")
    third.until(said(third, "20 files, 0 of them read"))
    assert "is not used" not in third.log.read_text()
    assert third.shut_down() == 0
