"""A limit that is reached, and a folder that cannot be read: one message with the remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.unreadable import as_any_user

from sidelong.lsp.framing import frame

NewEditor = Callable[..., Any]

SCRIPTED = Path(__file__).with_name("scripted_server.py")


def sparse(file: Path, size_bytes: int) -> None:
    """A file of zeros that takes no room."""
    with file.open("wb") as data:
        data.truncate(size_bytes)


START = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}


def opened(client: Any, name: str) -> str:
    """The URI of a new document, whose script suggests "1"."""
    uri = f"file:///{name}"
    item = {"uri": uri, "languageId": "python", "version": 1, "text": '#! {"text": "1"}\n'}
    client.send("textDocument/didOpen", {"textDocument": item})
    return uri


def change(client: Any, uri: str, *changes: object) -> None:
    """Change the document."""
    params = {"textDocument": {"uri": uri, "version": 9}, "contentChanges": changes}
    client.send("textDocument/didChange", params)


def completed(client: Any, uri: str) -> str | None:
    """The suggestion at the document's end; None if there is none."""
    place = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}}
    answer = client.call("textDocument/inlineCompletion", {**place, "context": {"triggerKind": 2}})
    return answer["result"][0]["insertText"] if answer["result"] else None


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


def too_large(client: Any, before: bytes, after: bytes = b"") -> None:
    """Send a message of more than the server reads: `before`, a string of 256 MB, `after`."""
    megabyte = b"x" * 1024 * 1024
    before, after = before + b'"', b'"' + after
    length = len(before) + 256 * len(megabyte) + len(after)
    client.write(b"Content-Length: %d\r\n\r\n" % length + before)
    for _ in range(256):
        client.write(megabyte)
    client.write(after)


def shown(client: Any) -> list[str]:
    """The messages that the user has seen, once all before has been handled."""
    client.call("sidelong/explain")
    is_shown = "window/showMessage"
    return [m["params"]["message"] for m in client.messages if m.get("method") == is_shown]


def test_a_message_that_is_too_large_to_read_is_one_message_and_costs_only_itself(
    raw: Any,
) -> None:
    raw.initialize()
    too_large(raw, b"")
    (message,) = shown(raw)
    assert "more than 256 MB at once, most likely a large document" in message
    assert "Split it" in message


def test_a_document_that_is_too_large_to_send_is_named_and_the_others_go_on(raw: Any) -> None:
    raw.initialize()
    small = opened(raw, "small.py")
    start = b'{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":'
    too_large(raw, start + b'{"uri":"file:///big.py","languageId":"python","text":', b"}}}")
    (message,) = shown(raw)
    assert "more than 256 MB at once, of big.py" in message
    assert completed(raw, small) == "1"


def test_a_document_whose_change_was_too_large_is_not_completed_until_it_is_opened_again(
    raw: Any,
) -> None:
    raw.initialize()
    doc, other = opened(raw, "a.py"), opened(raw, "b.py")
    assert completed(raw, doc) == "1"
    start = b'{"method":"textDocument/didChange","params":{"contentChanges":[{"range":%b,"text":'
    end = b'}],"textDocument":{"version":2,"uri":"%b"}}}'
    too_large(raw, start % json.dumps(START).encode(), end % doc.encode())

    for _ in range(2):
        assert completed(raw, doc) is None
        change(raw, doc, {"range": START, "text": " "})
    request = raw.call("sidelong/explain", {"textDocument": {"uri": doc}})["result"]["request"]
    assert (request["outcome"], "open it again" in request["reason"]) == ("off", True)
    (message,) = shown(raw)
    assert "more than 256 MB at once, of a.py" in message
    assert "Split it and open it again" in message
    assert completed(raw, other) == "1"

    raw.send("textDocument/didClose", {"textDocument": {"uri": doc}})
    assert completed(raw, opened(raw, "a.py")) == "1"
    assert len(shown(raw)) == 1


def test_a_document_whose_change_was_malformed_is_not_completed_until_its_text_is_known(
    raw: Any,
) -> None:
    raw.initialize()
    doc, other = opened(raw, "a.py"), opened(raw, "b.py")
    for malformed in ({"range": {"start": 1}, "text": "x"}, {"text": 7}, 7):
        change(raw, doc, malformed)
        assert completed(raw, doc) is None
        change(raw, doc, {"text": '#! {"text": "2"}\n'})
        assert completed(raw, doc) == "2"
    identifier = json.dumps({"uri": doc, "version": 9})
    params = f'"params":{{"textDocument":{identifier},"contentChanges":[{{"text":"x"}}]}}'
    for told in ('"method":', '"id":[],"method":', '"id":5,"method":'):
        cut = "" if "id" in told else "]"
        raw.write(frame(f'{{{told}"textDocument/didChange",{params}{cut}}}'.encode()))
        assert completed(raw, doc) is None
        change(raw, doc, {"text": '#! {"text": "2"}\n'})
        assert completed(raw, doc) == "2"
    raw.send("textDocument/willSave", {"textDocument": {"uri": doc}, "reason": "x"})
    assert completed(raw, doc) == "2"
    raw.send("textDocument/didChange", {"textDocument": {"uri": 7}, "contentChanges": 7})
    raw.send("textDocument/didChange", 7)
    assert completed(raw, other) == "1"
    assert shown(raw) == []


def test_the_home_folder_is_one_message_and_not_indexed(
    new_editor: NewEditor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = new_editor()
    (editor.folder / "a.py").write_text("width = 1\n")
    home = tmp_path / "home"
    home.symlink_to(editor.folder)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    editor.start(folders=[editor.folder, Path(editor.folder.anchor)])
    for limit in (3, 4):
        assert settle(editor) == [None, None]
        editor.configure({"maxLines": limit})
    messages = told(editor)
    assert [message.partition(" ")[0] for message in messages] == [str(editor.folder), "/"]
    for message in messages:
        assert "is not indexed: it is a home or root folder. Open the project's own" in message
    assert editor.suggestion(editor.open("b.py", '#! {"text": "1"}\n')) == "1"
    assert editor.shut_down() == 0
