"""Settings reach their requests: by folder, by language, and only from an allowed source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types

from sidelong.cli.user_config import write_setting

SHOW = '#! {"text": "{path} {max_lines}"}\n$0'
MODEL = '#! {"text": "{model}"}\n$0'

NewEditor = Callable[..., Any]


def test_two_folders_have_their_own_settings(new_editor: NewEditor, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    editor = new_editor()
    configure_before = editor.client.set_configuration
    configure_before({"maxLines": 1}, section="sidelong", scope_uri=one.as_uri())
    configure_before({"maxLines": 2}, section="sidelong", scope_uri=two.as_uri())
    editor.start(folders=[one, two])
    assert editor.suggestion(editor.open("", SHOW, uri=(one / "a.py").as_uri())) == "a.py 1"
    assert editor.suggestion(editor.open("", SHOW, uri=(two / "a.py").as_uri())) == "a.py 2"


def test_a_document_belongs_to_the_deepest_folder(new_editor: NewEditor, tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    editor = new_editor()
    editor.client.set_configuration({"maxLines": 3}, section="sidelong", scope_uri=inner.as_uri())
    editor.start(folders=[outer, inner])
    assert editor.suggestion(editor.open("", SHOW, uri=(inner / "a.py").as_uri())) == "a.py 3"
    assert editor.suggestion(editor.open("", SHOW, uri=(outer / "a.py").as_uri())) == "a.py 8"


def test_folders_come_and_go(new_editor: NewEditor, tmp_path: Path) -> None:
    editor = new_editor().start()
    late = tmp_path / "late"
    late.mkdir()
    doc = editor.open("", '#! {"text": "{path} {snapshot}"}\n$0', uri=(late / "a.py").as_uri())
    assert editor.suggestion(doc) == "a.py False"
    folder = types.WorkspaceFolder(late.as_uri(), "late")

    def change(added: list[Any], removed: list[Any]) -> None:
        editor.client.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(
                types.WorkspaceFoldersChangeEvent(added=added, removed=removed)
            )
        )

    change([folder], [])
    editor.until(lambda: editor.suggestion(doc, invoked=True) == "a.py True")
    change([], [folder])
    editor.until(lambda: editor.suggestion(doc, invoked=True) == "a.py False")


def test_changed_settings_hold_for_the_next_request(editor: Any) -> None:
    doc = editor.open("changed.py", SHOW)
    for lines in range(5, 15):
        editor.configure({"maxLines": lines})
        assert editor.suggestion(doc) == f"changed.py {lines}"
    editor.configure({"enabled": False})
    assert editor.complete(doc) == []
    assert editor.explain(doc)["reason"] == "sidelong.enabled is false"
    editor.configure(None)
    assert editor.suggestion(doc) == "changed.py 8"


def test_the_server_asks_to_hear_of_changes(editor: Any) -> None:
    (registration,) = editor.registrations
    assert registration.method == types.WORKSPACE_DID_CHANGE_CONFIGURATION


def test_a_language_can_be_switched_off(editor: Any) -> None:
    python = editor.open("language.py", SHOW)
    rust = editor.open("language.rs", SHOW, language="rust")
    editor.configure({"languages": {"rust": False}})
    editor.until(lambda: editor.complete(rust) == [])
    assert editor.explain(rust)["reason"] == "sidelong.languages switches rust off"
    assert editor.suggestion(python) == "language.py 8"
    editor.configure(None)


def test_everything_can_be_switched_off_and_on(editor: Any) -> None:
    doc = editor.open("off.py", SHOW)
    editor.configure({"enabled": False})
    editor.until(lambda: editor.state == "off")
    assert editor.complete(doc) == []
    assert editor.explain(doc)["reason"] == "sidelong.enabled is false"
    editor.configure(None)
    editor.until(lambda: editor.state == "ready")
    assert editor.suggestion(doc) == "off.py 8"


def test_a_bad_value_is_told_once_and_not_used(editor: Any) -> None:
    doc = editor.open("bad.py", SHOW)
    editor.configure({"maxLines": "many", "debounce": 1})
    editor.until(lambda: editor.client.messages)
    editor.configure({"maxLines": "many", "debounce": 2})
    assert editor.suggestion(doc) == "bad.py 8"
    (message,) = editor.client.messages
    assert message.type == types.MessageType.Warning
    assert message.message.startswith("sidelong.maxLines: 'many' is not allowed.")
    editor.configure(None)


def test_the_workspace_may_not_choose_the_model(editor: Any) -> None:
    doc = editor.open("evil.py", MODEL)
    editor.configure({"model": {"path": "/workspace/evil.gguf"}, "threads": 99})
    editor.until(lambda: "sidelong.threads is ignored" in editor.log.read_text())
    assert "sidelong.model.path is ignored" in editor.log.read_text()
    assert editor.suggestion(doc) == "scripted"
    editor.configure(None)


def test_the_config_file_is_below_the_editors_settings(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    editor = new_editor()
    (tmp_path / "config.toml").write_text(
        f"""
        maxLines = 2
        [folder."{editor.folder.as_posix()}"]
        maxLines = 3
        """
    )
    editor.start()
    inside, outside = editor.open("a.py", SHOW), editor.open("", SHOW, uri="file:///b.py")
    assert editor.suggestion(inside) == "a.py 3"
    assert editor.suggestion(outside) == "b.py 2"
    editor.configure({"maxLines": 4})
    editor.until(lambda: editor.suggestion(inside) == "a.py 4")


def test_clients_that_cannot_be_asked_send_their_settings(new_editor: NewEditor) -> None:
    editor = new_editor().start(
        capabilities=types.ClientCapabilities(), options={"sidelong": {"maxLines": 2}}
    )
    doc = editor.open("a.py", SHOW)
    assert editor.suggestion(doc) == "a.py 2"
    editor.client.workspace_did_change_configuration(
        types.DidChangeConfigurationParams(settings={"sidelong": {"maxLines": 3}})
    )
    editor.until(lambda: editor.suggestion(doc) == "a.py 3")


def test_a_model_that_is_missing_is_told_once_and_can_be_mended(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    wrong, right = tmp_path / "wrong.gguf", tmp_path / "right.gguf"
    right.touch()
    editor = new_editor().start(options={"model": {"path": str(wrong)}})
    doc = editor.open("a.py", MODEL)
    assert editor.complete(doc) is None
    record = editor.explain(doc)
    assert record["outcome"] == "not ready"
    assert record["reason"].startswith(f"{wrong}: no such file.")
    assert editor.complete(doc) is None
    (message,) = editor.client.messages
    assert (message.type, message.message) == (types.MessageType.Error, record["reason"])
    assert editor.state == "error"
    editor.client.protocol.notify("sidelong/didChangeUserSettings", {"model": {"path": str(right)}})
    editor.until(lambda: editor.state == "ready")
    assert editor.suggestion(doc) == "right.gguf"


def test_a_model_that_appears_is_found_when_settings_change(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    model = tmp_path / "late.gguf"
    (tmp_path / "config.toml").write_text(f'model.path = "{model.as_posix()}"')
    editor = new_editor().start()
    editor.until(lambda: editor.state == "error")
    model.touch()
    editor.configure(None)
    editor.until(lambda: editor.state == "ready")


def test_a_config_file_that_is_written_is_put_to_use(new_editor: NewEditor, tmp_path: Path) -> None:
    model = tmp_path / "mine.gguf"
    model.touch()
    editor = new_editor().start()
    doc = editor.open("a.py", MODEL)
    assert editor.suggestion(doc) == "scripted"
    write_setting(tmp_path / "config.toml", "model.path", str(model))
    editor.until(lambda: editor.suggestion(doc, invoked=True) == "mine.gguf")
    write_setting(tmp_path / "config.toml", "model.path", None)
    editor.until(lambda: editor.suggestion(doc, invoked=True) == "scripted")


def test_loading_the_model_is_shown(new_editor: NewEditor) -> None:
    editor = new_editor().start()
    editor.until(lambda: "Loading model" in editor.bars() and editor.state == "ready")
    assert editor.statuses[0]["state"] == "loading"


def test_indexing_is_shown(new_editor: NewEditor) -> None:
    editor = new_editor()
    for i in range(300):
        (editor.folder / f"module_{i}.py").write_text(f"def f_{i}(a, b):\n    return a\n" * 50)
    editor.start()
    editor.until(lambda: "Indexing" in editor.bars() and editor.state == "ready")
    assert "indexing" in [status["state"] for status in editor.statuses]


def test_clients_without_progress_bars_get_none(new_editor: NewEditor) -> None:
    editor = new_editor().start(capabilities=types.ClientCapabilities())
    editor.until(lambda: editor.state == "ready")
    assert editor.bars() == []


def test_names_with_the_sections_before_them_are_taken(new_editor: NewEditor) -> None:
    options = {"sidelong.maxLines": 3, "minProbability": 0, "sidelong.languages": {"go": False}}
    editor = new_editor().start(options=options)
    assert editor.suggestion(editor.open("a.py", SHOW)) == "a.py 3"
    assert editor.complete(editor.open("a.go", SHOW, language="go")) == []


def test_it_is_off_where_the_whole_name_says_so(new_editor: NewEditor) -> None:
    editor = new_editor().start(options={"sidelong.enabled": False})
    doc = editor.open("a.py", SHOW)
    assert editor.complete(doc) == []
    assert editor.explain(doc)["reason"] == "sidelong.enabled is false"


def test_names_that_are_no_settings_are_said_once(new_editor: NewEditor) -> None:
    editor = new_editor().start(options={"sidelong.enable": False, "maxLines": 3, "modle": {}})
    assert editor.suggestion(editor.open("a.py", SHOW)) == "a.py 3"
    editor.configure({"maxLines": 4})
    editor.until(lambda: editor.suggestion(editor.open("b.py", SHOW)) == "b.py 4")
    said = [message.message for message in editor.client.messages]
    assert len(said) == 1
    assert said[0].startswith("sidelong.enable is not a setting. Correct its spelling")


def test_outside_of_a_folder_that_is_off_the_reason_is_that(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    editor = new_editor()
    folder = editor.folder
    editor.client.set_configuration(
        {"enabled": False}, section="sidelong", scope_uri=folder.as_uri()
    )
    editor.start()
    doc = editor.open("", SHOW, uri=(tmp_path / "outside.py").as_uri())
    assert editor.complete(doc) == []
    record = editor.explain(doc)
    assert record["outcome"] == "off"
    assert record["reason"] == "sidelong.enabled is false in every folder: no model is loaded"
