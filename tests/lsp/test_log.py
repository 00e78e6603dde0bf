"""A session full of code leaves none of it in the log, whatever happens in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidelong.lsp.framing import frame

NewEditor = Callable[..., Any]

MARK = "Zanzibar"
"""A part of every piece of code below; no file is called so."""

HELPERS = f'''
def {MARK}_helper(gadget, strength):
    """Turn the gadget until its {MARK} is as strong as asked."""
    return gadget.{MARK}(strength)
'''
QUESTION = f'''
def test_{MARK}(gadget, strength):
    """Turn the gadget until its {MARK} is as strong as asked."""
    return gadget.$0
'''


@pytest.mark.parametrize("level", ["debug", "info"])
def test_no_code_is_in_the_log(new_editor: NewEditor, level: str) -> None:
    editor = new_editor()
    (editor.folder / "helpers.py").write_text(HELPERS)
    (editor.folder / "broken.py").write_text(f"{MARK} = (\n" * 50)
    (editor.folder / "key.py").write_text(f"-----BEGIN PRIVATE KEY-----\n{MARK}\n")
    (editor.folder / ".gitignore").write_text(f"{MARK}[\n")
    options = {"retrieval": {"mode": "always"}, "minProbability": 0}
    editor.start(*(level if word == "debug" else word for word in editor.serve), options=options)
    editor.until(lambda: editor.state == "ready")
    doc = editor.open("asks.py", QUESTION)
    editor.run(editor.request("sidelong/indexed", None))
    for character in MARK:
        editor.complete(doc)
        editor.type(doc, character)
    assert editor.complete(doc, invoked=True) is not None
    assert editor.explain(doc)["chunks"]
    assert editor.shut_down() == 0
    log = editor.log.read_text()
    assert ("asks.py" in log) == (level == "debug")
    assert [line for line in log.splitlines() if MARK in line] == []


def test_no_code_of_a_message_that_is_refused_is_in_the_log(raw: Any, tmp_path: Path) -> None:
    raw.initialize()
    here = {"uri": "file:///a.py", "version": MARK, "languageId": MARK, "text": MARK}
    at = {"line": MARK, "character": 0}
    edit = {"range": {"start": at, "end": at}, "text": MARK}
    ask = {"textDocument": here, "position": at, "context": {}}
    accepted = {"command": "sidelong.accepted", "arguments": [{"id": MARK}]}
    messages: list[dict[str, Any]] = [
        {"method": "textDocument/didOpen", "params": {"textDocument": {**here, "text": [MARK]}}},
        {"method": "textDocument/didOpen", "params": {"textDocument": {**here, "version": 1}}},
        {
            "method": "textDocument/didChange",
            "params": {"textDocument": here, "contentChanges": [edit]},
        },
        {"method": "textDocument/inlineCompletion", "id": 901, "params": ask},
        {"method": "workspace/executeCommand", "id": 902, "params": accepted},
        {"method": "sidelong/explain", "id": 903, "params": {"textDocument": MARK}},
        {"method": "textDocument/didSave", "id": 904, "params": {"text": MARK}},
        {"id": 905, "result": {"code": MARK}},
        {"method": 7, "id": 906, "params": MARK},
    ]
    bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
    for body in [*bodies, b"{" + MARK.encode(), MARK.encode() * 2]:
        raw.write(frame(body))
    raw.write(f"{MARK}\r\n\r\n".encode())
    raw.call("shutdown")
    raw.send("exit")
    raw.close()
    log = (tmp_path / "server.log").read_text()
    assert log.count("refused") >= 4
    assert [line for line in log.splitlines() if MARK in line] == []
