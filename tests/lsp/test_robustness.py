"""Clients that break the protocol, as raw bytes on stdio."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sidelong.lsp.framing import frame

URI = "file:///nowhere/a.py"


def ask(client: Any, text: str = "", *, line: int = 0, character: int = 0) -> dict[str, Any]:
    """Open a document with this text, or leave it alone, and ask for a completion in it."""
    if text:
        item = {"uri": URI, "languageId": "python", "version": 1, "text": text}
        client.send("textDocument/didOpen", {"textDocument": item})
    response: dict[str, Any] = client.call(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": URI},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 1},
        },
    )
    return response


def assert_sane(client: Any) -> None:
    """The server still answers, and has shown nothing to the user."""
    (item,) = ask(client, '#! {"text": "sane"}\n', line=1)["result"]
    assert item["insertText"] == "sane"
    assert [m for m in client.messages if m.get("method") == "window/showMessage"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{not json", -32700),
        (b"\xff\xfe", -32700),
        (b"", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"42", -32600),
        (b'{"jsonrpc": "2.0"}', -32600),
        (b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 7}', -32600),
    ],
)
def test_a_malformed_message_is_refused(connected: Any, body: bytes, code: int) -> None:
    connected.write(frame(body))
    assert connected.response(None)["error"]["code"] == code
    assert_sane(connected)


def test_a_method_of_null_is_no_request(connected: Any) -> None:
    connected.write(frame(b'{"jsonrpc": "2.0", "id": 77, "method": null, "params": {}}'))
    assert_sane(connected)
    assert [m for m in connected.messages if m.get("id") == 77] == []


@pytest.mark.parametrize("header", ["content-length", "CONTENT-LENGTH", "Content-length"])
def test_header_names_have_no_case(connected: Any, header: str) -> None:
    body = b'{"jsonrpc": "2.0", "id": "cased", "method": "sidelong/explain"}'
    connected.write(f"{header}: {len(body)}\r\n\r\n".encode() + body)
    assert "result" in connected.response("cased")


def test_garbage_between_messages_is_skipped(connected: Any) -> None:
    connected.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nhello")
    assert_sane(connected)


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        "x",
        {"textDocument": {"uri": URI}},
        {"textDocument": {"uri": URI}, "position": {"line": -1, "character": 0}, "context": {}},
        {"textDocument": 3, "position": {"line": 0, "character": 0}, "context": {}},
    ],
)
def test_invalid_params_are_answered(connected: Any, params: object) -> None:
    response = connected.call("textDocument/inlineCompletion", params)
    assert response["error"]["code"] == -32602
    assert_sane(connected)


def test_the_refusal_does_not_repeat_the_clients_values(connected: Any) -> None:
    response = connected.call("textDocument/inlineCompletion", {"position": "secret"})
    assert "secret" not in json.dumps(response)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/didOpen", {"textDocument": {"uri": 3}}),
        ("textDocument/didChange", {}),
        ("textDocument/didClose", {"textDocument": {"uri": "file:///not/open.py"}}),
        ("$/cancelRequest", {"id": {}}),
        ("$/cancelRequest", {"id": 99_999}),
        ("no/suchNotification", {"a": 1}),
        ("$/setTrace", {"value": "loudly"}),
        ("sidelong/didChangeUserSettings", [1]),
        ("textDocument/didShowCompletion", {"item": {"insertText": "x"}}),
        ("textDocument/didPartiallyAcceptCompletion", {"acceptedLength": 3}),
        ("textDocument/didFocus", {"textDocument": {"uri": URI}}),
    ],
)
def test_an_odd_notification_does_no_harm(connected: Any, method: str, params: object) -> None:
    connected.send(method, params)
    assert_sane(connected)


def test_an_unknown_request_is_refused(connected: Any) -> None:
    assert connected.call("no/suchRequest", {"a": 1})["error"]["code"] == -32601


def test_an_unknown_command_is_refused(connected: Any) -> None:
    response = connected.call("workspace/executeCommand", {"command": "rm", "arguments": ["-r"]})
    assert response["error"]["code"] == -32602
    assert_sane(connected)


def test_odd_arguments_of_our_command_do_no_harm(connected: Any) -> None:
    command = {"command": "sidelong.accepted", "arguments": [3, {"id": "unknown"}, None]}
    assert connected.call("workspace/executeCommand", command)["result"] is None


def test_a_notification_sent_as_a_request_is_answered(connected: Any) -> None:
    assert "error" in connected.call("textDocument/didSave", {"textDocument": {"uri": URI}})


def test_a_second_initialize_is_refused(connected: Any) -> None:
    response = connected.call("initialize", {"processId": None, "capabilities": {}})
    assert response["error"]["code"] == -32600


def test_an_unopened_document_is_answered_with_null(connected: Any) -> None:
    gone = "file:///not/open.py"
    connected.send(
        "textDocument/didChange",
        {"textDocument": {"uri": gone, "version": 2}, "contentChanges": [{"text": "x"}]},
    )
    params = {
        "textDocument": {"uri": gone},
        "position": {"line": 0, "character": 0},
        "context": {"triggerKind": 2},
    }
    assert connected.call("textDocument/inlineCompletion", params)["result"] is None


def test_a_position_past_the_end_is_clamped(connected: Any) -> None:
    response = ask(connected, '#! {"text": "[{left}]"}\nlast line', line=999, character=999)
    (item,) = response["result"]
    assert item["insertText"] == "[last line]"
    assert item["range"]["start"] == item["range"]["end"] == {"line": 1, "character": 9}


def test_half_a_surrogate_pair_is_no_error(connected: Any) -> None:
    (item,) = ask(connected, '#! {"text": "[{left}]"}\n\ud83d', line=1, character=1)["result"]
    assert item["insertText"] == "[\ufffd]"


def test_a_failure_while_completing_is_answered_with_null(connected: Any) -> None:
    assert ask(connected, '#! {"crash": "the model fell over"}\n')["result"] is None
    assert_sane(connected)


def test_a_big_message_arrives_whole(connected: Any) -> None:
    text = '#! {"text": "[{left}]"}\n' + "x = 1  # 中😀\n" * 100_000 + "end"
    (item,) = ask(connected, text, line=100_001, character=3)["result"]
    assert item["insertText"] == "[end]"


def test_requests_before_initialize_are_refused(raw: Any) -> None:
    assert ask(raw, "lost")["error"]["code"] == -32002
    assert raw.initialize()["serverInfo"]["name"] == "sidelong"


def test_requests_after_shutdown_are_refused(raw: Any) -> None:
    raw.initialize()
    assert raw.call("shutdown")["result"] is None
    assert ask(raw, '#! {"text": "1"}\n')["error"]["code"] == -32600
    raw.send("exit")
    assert raw.close() == 0


def test_unknown_capabilities_do_not_keep_the_client_out(raw: Any) -> None:
    capabilities = {
        "general": {"positionEncodings": ["utf-64", "utf-8"]},
        "textDocument": {"completion": {"completionItemKind": {"valueSet": [1, 999]}}},
        "workspace": {"configuration": None},
        "brandNew": {"a": [1]},
    }
    result = raw.initialize(capabilities=capabilities, trace="loudly")
    assert result["capabilities"]["positionEncoding"] == "utf-8"


def test_initialized_without_params_starts_the_work(raw: Any) -> None:
    raw.call("initialize", {"processId": None, "capabilities": {}})
    raw.send("initialized")
    assert_sane(raw)


def test_a_malformed_answer_of_the_client_does_no_harm(raw: Any) -> None:
    raw.initialize(capabilities={"workspace": {"configuration": True}})
    request = raw.next_message(lambda m: m.get("method") == "workspace/configuration")
    raw.write(frame(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": 3}).encode()))
    assert_sane(raw)


def test_exit_right_behind_shutdown_is_no_failure_and_both_are_heard(raw: Any) -> None:
    raw.initialize()
    shutdown = {"jsonrpc": "2.0", "id": 9, "method": "shutdown"}
    leave = {"jsonrpc": "2.0", "method": "exit"}
    raw.write(b"".join(frame(json.dumps(message).encode()) for message in (shutdown, leave)))
    assert raw.close() == 0
    (answer,) = [message for message in raw.messages if message.get("id") == 9]
    assert answer["result"] is None


def test_exit_without_shutdown_is_a_failure(raw: Any) -> None:
    raw.initialize()
    raw.send("exit")
    assert raw.process.wait(timeout=30) == 1


def ask_in_vain(client: Any) -> None:
    """Ask for a completion that the model never gives."""
    item = {"uri": URI, "languageId": "python", "version": 1, "text": '#! {"wait": true}\n'}
    client.send("textDocument/didOpen", {"textDocument": item})
    params = {
        "textDocument": {"uri": URI},
        "position": {"line": 0, "character": 0},
        "context": {"triggerKind": 2},
    }
    client.send("textDocument/inlineCompletion", params, id="in vain")
    client.next_message(lambda m: m.get("params", {}).get("state") == "working")


def test_the_server_ends_with_its_client(raw: Any) -> None:
    raw.initialize()
    ask_in_vain(raw)
    assert raw.close() == 1


def test_shutting_down_answers_what_is_still_asked(raw: Any) -> None:
    raw.initialize()
    ask_in_vain(raw)
    assert raw.call("shutdown")["result"] is None
    assert raw.response("in vain")["result"] is None
    raw.send("exit")
    assert raw.close() == 0


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no SIGTERM to handle")
def test_a_terminated_server_stops_what_it_started(raw: Any) -> None:
    raw.initialize()
    assert_sane(raw)
    raw.process.terminate()
    assert raw.close() == 1
