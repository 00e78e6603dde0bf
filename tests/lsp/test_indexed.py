"""`sidelong/indexed`: when it answers, the index is up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

NewEditor = Callable[..., Any]


def files(editor: Any, doc: Any = None) -> list[int | None]:
    """The number of files in each folder's index, once it is up to date."""
    params = {"textDocument": {"uri": doc.uri}} if doc else None
    told = editor.run(editor.request("sidelong/indexed", params))
    return [folder["files"] for folder in told["folders"]]


def test_it_waits_for_the_disk_and_for_what_is_open(editor: Any) -> None:
    for i in range(20):
        (editor.folder / f"on_disk_{i}.py").write_text("x = 1\n", encoding="utf-8")
    assert files(editor) == [20]
    doc = editor.open("unsaved.py", "x = 2\n")
    assert files(editor, doc) == [21]
    editor.close(doc)
    assert files(editor) == [20]


def test_it_tells_of_the_documents_folder_alone_and_of_none_without_an_index(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    looks, abstains = tmp_path / "looks", tmp_path / "abstains"
    for folder in (looks, abstains):
        folder.mkdir()
        (folder / "a.py").write_text("x = 1\n", encoding="utf-8")
    editor = new_editor()
    editor.client.set_configuration(
        {"retrieval": {"mode": "never"}}, section="sidelong", scope_uri=abstains.as_uri()
    )
    editor.start(folders=[looks, abstains])
    assert files(editor) == [1, None]
    assert files(editor, editor.open("", "", uri=(abstains / "b.py").as_uri())) == [None]
    assert files(editor, editor.open("", "", uri=(looks / "b.py").as_uri())) == [2]
    assert files(editor, editor.open("", "", uri=(tmp_path / "elsewhere.py").as_uri())) == []
    assert editor.shut_down() == 0
