"""A limit that is reached, and a folder that cannot be read: one message with the remedy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.unreadable import as_any_user

NewEditor = Callable[..., Any]

SCRIPTED = Path(__file__).with_name("scripted_server.py")


def sparse(file: Path, size_bytes: int) -> None:
    """A file of zeros that takes no room."""
    with file.open("wb") as data:
        data.truncate(size_bytes)


def settle(editor: Any) -> list[int | None]:
    """The files in each folder's index, once all is indexed and the status bar is at rest."""
    indexed = editor.run(editor.request("sidelong/indexed", None))
    editor.until(lambda: editor.state == "ready")
    return [folder["files"] for folder in indexed["folders"]]


def told(editor: Any) -> list[str]:
    """The messages that the user has seen, all of them warnings."""
    assert all(shown.type == types.MessageType.Warning for shown in editor.client.messages)
    return [shown.message for shown in editor.client.messages]


def test_a_folder_that_cannot_be_read_is_one_message_and_is_indexed_once_it_can(
    new_editor: NewEditor,
) -> None:
    editor = new_editor()
    (editor.folder / "a.py").write_text("width = 1\n")
    editor.folder.chmod(0)
    try:
        command = as_any_user(str(SCRIPTED), str(editor.log))
        editor.start(*command, folders=[editor.folder])
        for _ in range(3):
            assert settle(editor) == [0]
        (message,) = told(editor)
        assert f"{editor.folder} cannot be read: Permission denied. Make it readable" in message
        assert "is indexed" not in editor.log.read_text()
        assert editor.suggestion(editor.open("b.py", '#! {"text": "1"}\n')) == "1"
    finally:
        editor.folder.chmod(0o755)
    editor.until(lambda: settle(editor) == [2])
    assert len(told(editor)) == 1
    assert editor.shut_down() == 0


def test_a_folder_that_is_not_there_leaves_the_others_alone(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    editor = new_editor()
    (editor.folder / "a.py").write_text("width = 1\n")
    editor.start(folders=[tmp_path / "gone", editor.folder])
    assert settle(editor) == [0, 1]
    (message,) = told(editor)
    assert f"{tmp_path / 'gone'} cannot be read: No such file" in message
    assert [shown["state"] for shown in editor.statuses][-1] == "ready"
    assert editor.shut_down() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs sparse files")
def test_a_folder_that_is_larger_than_the_index_is_one_message(new_editor: NewEditor) -> None:
    editor = new_editor()
    for i in range(401):
        sparse(editor.folder / f"{i}.txt", 1024 * 1024)
    editor.start()
    for _ in range(2):
        settle(editor)
    (message,) = told(editor)
    assert "more than the index takes: 400 files of 419 MB are in" in message
    assert "`exclude`" in message
    assert editor.shut_down() == 0


def test_a_document_that_is_too_large_to_complete_is_one_message(new_editor: NewEditor) -> None:
    editor = new_editor().start()
    doc = editor.open("big.py", "x = 1\n" * 700_000)
    for _ in range(2):
        assert editor.complete(doc) == []
    (message,) = told(editor)
    assert "big.py has more than 4,000,000 characters" in message
    assert "Split it" in message
    assert editor.explain(doc)["outcome"] == "off"
    assert editor.shut_down() == 0


def test_a_document_that_is_too_large_to_send_is_one_message_and_costs_only_itself(
    connected: Any,
) -> None:
    megabyte = b"x" * 1024 * 1024
    for _ in range(2):
        connected.write(b"Content-Length: %d\r\n\r\n" % (300 * len(megabyte)))
        for _ in range(300):
            connected.write(megabyte)
    assert connected.call("sidelong/explain")["result"]["request"] is None
    (message,) = [m for m in connected.messages if m.get("method") == "window/showMessage"]
    assert "more than 256 MB at once" in message["params"]["message"]
    assert "Split it" in message["params"]["message"]
