"""A remote model through the server: named, explained, and never a folder's choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from bench.peer.build import NotBuilt, server
from bench.peer.serving import served
from tests.lsp import stalled_names

from sidelong.engine import Answer, Decision, RemoteUse
from sidelong.engine.remote.breaker import FAILURES
from sidelong.engine.remote.endpoint import TOKEN
from sidelong.lsp.remote_watch import RemoteWatch
from sidelong.lsp.status import Shown, Status
from sidelong.paths import nano_model

NewEditor = Callable[..., Any]
Remote = Any

CODE = "def area(width, height):\n    return ($0)\n"


def start(new_editor: NewEditor, settings: Mapping[str, Any]) -> Any:
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0, **settings})
    editor.until(lambda: editor.state == "ready")
    return editor


def warnings(editor: Any) -> list[str]:
    return [message.message for message in editor.client.messages]


def test_the_remote_model_completes_and_the_status_says_where(
    new_editor: NewEditor, remote: Remote
) -> None:
    remote.writes("width * height")
    editor = start(new_editor, remote.settings)
    said = editor.statuses[-1]["message"]
    assert said.startswith(f"Completing with a remote model at {remote.host}, to which your code")
    assert "\n" not in said
    doc = editor.open("a.py", CODE)
    assert editor.suggestion(doc) == "width * height"
    explained = editor.explain(doc)
    assert explained["model"] == f"a remote model at {remote.host}"
    assert explained["remote"]["sent_characters"] > 0
    assert explained["remote"]["problem"] == ""
    assert f"remote {remote.host} " in editor.log.read_text()


def test_a_real_llama_server_completes_and_is_explained(new_editor: NewEditor) -> None:
    try:
        executable = server(build=False)
    except NotBuilt as error:
        pytest.skip(str(error))
    with served(executable, nano_model(), ["-t", "1", "-np", "1", "-c", "768"]) as llama:
        remote = {"remote": llama.url, "remoteFormat": "infill", "remoteTimeout": 60_000}
        editor = start(new_editor, {"model": remote})
        doc = editor.open("a.py", "class Stack:\n    def __init__(self, items):\n        self.$0\n")
        shown = editor.suggestion(doc)
        explained = editor.explain(doc)
    assert shown
    assert explained["model"] == f"a remote model at {llama.url.removeprefix('http://')}"
    assert explained["remote"]["problem"] == ""
    assert 0 < explained["remote"]["sent_characters"] < 200


def test_it_is_off_unless_the_user_turns_it_on(new_editor: NewEditor, remote: Remote) -> None:
    remote.writes("width * height")
    editor = start(new_editor, {})
    assert "remote" not in editor.statuses[-1]["message"]
    doc = editor.open("a.py", CODE)
    editor.complete(doc)
    assert editor.explain(doc)["remote"] is None


def test_a_workspace_cannot_turn_it_on(new_editor: NewEditor, remote: Remote) -> None:
    remote.writes("width * height")
    editor = new_editor()
    editor.client.set_configuration(
        remote.settings, section="sidelong", scope_uri=editor.folder.as_uri()
    )
    editor.client.set_configuration(remote.settings, section="sidelong")
    editor.start(*editor.serve, options={"minProbability": 0})
    editor.until(lambda: editor.state == "ready")
    editor.complete(editor.open("a.py", CODE), invoked=True)
    assert remote.requests == []
    assert "sidelong.model.remote is ignored" in editor.log.read_text()
    assert "sidelong.model.remoteFormat is ignored" in editor.log.read_text()


def test_a_workspace_cannot_turn_it_to_another_address(
    new_editor: NewEditor, new_remote: Callable[[], Remote]
) -> None:
    mine, theirs = new_remote(), new_remote()
    mine.writes("width")
    theirs.writes("height")
    editor = new_editor()
    editor.client.set_configuration(
        theirs.settings, section="sidelong", scope_uri=editor.folder.as_uri()
    )
    editor.start(*editor.serve, options={"minProbability": 0, **mine.settings})
    editor.until(lambda: editor.state == "ready")
    assert editor.suggestion(editor.open("a.py", CODE)) == "width"
    assert theirs.requests == []


def test_the_token_is_in_no_log_and_no_explanation(
    new_editor: NewEditor, remote: Remote, monkeypatch: Any
) -> None:
    monkeypatch.setenv(TOKEN, "a-very-secret-token")
    remote.does(401)
    editor = start(new_editor, remote.settings)
    doc = editor.open("a.py", CODE)
    editor.complete(doc, invoked=True)
    assert remote.headers[0]["Authorization"] == "Bearer a-very-secret-token"
    assert "a-very-secret-token" not in editor.log.read_text()
    assert "a-very-secret-token" not in str(editor.explain(doc))


def test_after_failures_in_a_row_the_user_is_told_once_and_the_local_model_completes(
    new_editor: NewEditor, remote: Remote
) -> None:
    remote.does(404)
    editor = start(new_editor, remote.settings)
    doc = editor.open("a.py", CODE)
    for _ in range(FAILURES + 2):
        editor.type(doc, "w")
        editor.complete(doc, invoked=True)
        assert editor.explain(doc)["model"].startswith("nano")
    assert len(remote.requests) == FAILURES
    told = [text for text in warnings(editor) if remote.host in text]
    assert len(told) == 1
    assert "no model of the name in model.remoteName (status 404)" in told[0]
    editor.until(lambda: "fails again and again" in editor.statuses[-1]["message"])


def test_the_server_ends_while_its_name_server_stalls(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    names = tmp_path / "names"
    editor = new_editor()
    remote = {"remote": "http://gpu.lan:8000", "remoteFormat": "infill", "remoteTimeout": 100}
    command = (str(stalled_names.__file__), str(names), *editor.serve[2:])
    editor.start(*command, options={"minProbability": 0, "model": remote})
    editor.until(lambda: editor.state == "ready")
    doc = editor.open("a.py", CODE)
    assert editor.suggestion(doc)
    assert editor.explain(doc)["remote"]["problem"] == "it has not completed within 100 ms"
    assert names.read_text() == "gpu.lan\n"
    assert editor.shut_down() == 0


def test_what_left_is_shown_and_in_no_log(new_editor: NewEditor, remote: Remote) -> None:
    remote.does(500, json.dumps({"error": "Zanzibar"}).encode())
    remote.does(500, json.dumps({"error": "Zanzibar"}).encode())
    remote.writes(" Zanzibar")
    editor = start(new_editor, {**remote.settings, "retrieval": {"mode": "always"}})
    (editor.folder / "helpers.py").write_text("def Zanzibar(width, height):\n    return width\n")
    doc = editor.open("a.py", "def Zanzibar_area(width, height):\n    return $0\n")
    editor.run(editor.request("sidelong/indexed", None))
    sent: list[Any] = []
    for _ in range(2):
        editor.complete(doc, invoked=True)
        sent += editor.explain(doc)["remote"]["sent"]
        editor.type(doc, "Z")
    assert len(sent) == 3
    assert sent == remote.requests
    assert all("Zanzibar_area" in each["prompt"] for each in remote.requests)
    assert editor.shut_down() == 0
    assert "Zanzibar" not in editor.log.read_text()


def test_without_a_format_the_local_model_completes_and_that_is_said(
    new_editor: NewEditor, remote: Remote
) -> None:
    remote.writes("width")
    editor = start(new_editor, {"model": {"remote": remote.url}})
    editor.complete(editor.open("a.py", CODE), invoked=True)
    assert remote.requests == []
    (told,) = [text for text in warnings(editor) if "remote" in text]
    assert "Set sidelong.model.remoteFormat" in told
    assert told.endswith("The local model completes.")


def test_a_request_that_the_client_cancels_closes_the_stream(
    new_editor: NewEditor, remote: Remote
) -> None:
    remote.writes("width", None)
    editor = start(new_editor, remote.settings)
    doc = editor.open("a.py", CODE)
    older = editor.task(editor.ask(doc))
    editor.until(lambda: remote.requests)
    remote.answers[:] = []
    remote.writes("width * height")
    editor.type(doc, "w")
    assert editor.complete(doc) is not None
    assert editor.run(older) is None
    assert remote.gone.wait(10)


def answer(*, resting: bool, problem: str = "") -> Answer:
    use = RemoteUse("gpu:8000", "infill", problem=problem, is_resting=resting)
    decision = Decision(None, 0.5, "never", retrieved=False)
    return Answer("x", decision, model="nano", remote=use)


def test_the_status_says_so_while_it_is_away_and_no_longer() -> None:
    published: list[Shown] = []
    told: list[str] = []
    status = Status(published.append)
    watch = RemoteWatch(status, told.append)
    status.model("ready", "Completing")
    watch.heard(answer(resting=False, problem="it stalls"))
    assert status.shown.message == "Completing"
    for _ in range(2):
        watch.heard(answer(resting=True, problem="it stalls"))
    assert status.shown.message == (
        "The remote model at gpu:8000 fails again and again (it stalls): completing with nano"
    )
    watch.heard(answer(resting=False))
    assert status.shown.message == "Completing"
    assert len(told) == 1
    watch.heard(answer(resting=True, problem="it stalls"))
    assert len(told) == 2
