"""Each request is answered once: the newest of a document with text, the older ones with null."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled

from sidelong.lsp.framing import frame


def message(method: str, params: object, **id: str) -> bytes:
    return frame(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **id}).encode())


def held(tmp_path: Path) -> tuple[str, Path]:
    """A script that is answered once the file exists."""
    gate = tmp_path / "go"
    return f'#! {{"text": "1", "hold": "{gate.as_posix()}"}}\n', gate


def test_a_newer_request_of_the_document_supersedes_the_older(editor: Any, tmp_path: Path) -> None:
    script, gate = held(tmp_path)
    doc = editor.open("older.py", script)
    older = editor.task(editor.ask(doc))
    editor.until(lambda: editor.state == "working")
    newer = editor.task(editor.ask(doc))
    assert editor.run(older) is None
    assert editor.explain(doc)["outcome"] == "superseded"
    gate.touch()
    assert editor.run(newer)[0].insert_text == "1"


def test_requests_of_other_documents_are_left_alone(editor: Any, tmp_path: Path) -> None:
    script, gate = held(tmp_path)
    first = editor.open("first.py", script)
    second = editor.open("second.py", '#! {"text": "2"}\n$0')
    waiting = editor.task(editor.ask(first))
    answer = editor.task(editor.ask(second))
    gate.touch()
    assert editor.run(answer)[0].insert_text == "2"
    assert editor.run(waiting)[0].insert_text == "1"


def test_a_cancelled_request_is_answered_as_cancelled(editor: Any) -> None:
    doc = editor.open("cancel.py", '#! {"wait": true}\nx$0')

    async def story() -> None:
        request = editor.client.protocol.send_request(
            "textDocument/inlineCompletion", editor.params(doc), msg_id="to cancel"
        )
        editor.client.protocol.notify(types.CANCEL_REQUEST, types.CancelParams("to cancel"))
        await asyncio.wrap_future(request)

    with pytest.raises(JsonRpcRequestCancelled):
        editor.run(story())
    assert editor.explain(doc)["outcome"] == "cancelled"


def test_the_worker_is_free_after_a_cancellation(editor: Any) -> None:
    doc = editor.open("free.py", '#! {"text": "free"}\n$0')
    assert editor.suggestion(doc) == "free"


def test_an_answer_about_a_changed_document_is_null(editor: Any, tmp_path: Path) -> None:
    script, gate = held(tmp_path)
    doc = editor.open("stale.py", script + "x$0")
    request = editor.task(editor.ask(doc))
    editor.until(lambda: editor.state == "working")
    editor.type(doc, "y")
    editor.explain(doc)
    gate.touch()
    assert editor.run(request) is None
    assert editor.explain(doc)["outcome"] == "stale"


def test_a_change_in_the_same_packet_as_the_request_makes_it_stale(connected: Any) -> None:
    uri = "file:///packet.py"
    item = {"uri": uri, "languageId": "python", "version": 1, "text": '#! {"text": "old"}\n'}
    connected.send("textDocument/didOpen", {"textDocument": item})
    request = {
        "textDocument": {"uri": uri},
        "position": {"line": 1, "character": 0},
        "context": {"triggerKind": 2},
    }
    change = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [{"text": '#! {"text": "new"}\n'}],
    }
    connected.write(
        message("textDocument/inlineCompletion", request, id="packet")
        + message("textDocument/didChange", change)
    )
    assert connected.response("packet")["result"] is None
    assert connected.call("sidelong/explain")["result"]["request"]["outcome"] == "stale"


def test_a_burst_of_requests_gets_one_answer_each(editor: Any, tmp_path: Path) -> None:
    gate = tmp_path / "go"
    script = f'#! {{"text": "[{{left}}]", "hold": "{gate.as_posix()}"}}\n'
    doc = editor.open("burst.py", script)
    requests = []
    for character in "abcdefghij":
        editor.type(doc, character)
        requests.append(editor.task(editor.ask(doc)))
        editor.explain()
    gate.touch()
    *older, newest = [editor.run(request) for request in requests]
    assert older == [None] * 9
    assert newest[0].insert_text == "[abcdefghij]"
