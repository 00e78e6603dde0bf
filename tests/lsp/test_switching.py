"""Another model: the one in use answers until its successor has proved itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from lsprotocol import types

MODEL = '#! {"text": "{model}"}\n$0'

NewEditor = Callable[..., Any]


class Models:
    """Files that tell the scripted server how they load."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, **script: object) -> str:
        """Add a model; returns its path."""
        path = self.folder / name
        path.write_text(json.dumps(script) if script else "")
        return str(path)

    def held(self, name: str) -> str:
        """Add a model that does not load before `release`; returns its path."""
        return self.add(name, hold=str(self.folder / f"{name}.go"))

    def release(self, name: str) -> None:
        """Let it load."""
        (self.folder / f"{name}.go").touch()


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path)


def use(editor: Any, path: str | Path | None) -> None:
    """Choose the model, as the user does in the editor's settings."""
    settings = {"model": {"path": str(path)}} if path is not None else {}
    editor.client.protocol.notify("sidelong/didChangeUserSettings", settings)


def message(editor: Any) -> str:
    """The message in the status bar."""
    return str(editor.statuses[-1]["message"]) if editor.statuses else ""


def bars(editor: Any) -> list[str]:
    """The messages with which progress bars began."""
    return [reports[0].message for reports in editor.client.progress_reports.values() if reports]


def answered_by(editor: Any, doc: Any) -> str:
    items = editor.complete(doc, invoked=True)
    assert items, editor.explain(doc)
    return str(items[0].insert_text)


def test_the_old_model_answers_until_the_new_one_is_ready(
    new_editor: NewEditor, models: Models
) -> None:
    editor = new_editor().start(options={"model": {"path": models.add("old.gguf")}})
    doc = editor.open("a.py", MODEL)
    assert answered_by(editor, doc) == "old.gguf"
    use(editor, models.held("new.gguf"))
    editor.until(lambda: message(editor) == "Completing with old.gguf; loading new.gguf")
    assert answered_by(editor, doc) == "old.gguf"
    assert editor.state == "ready"
    models.release("new.gguf")
    editor.until(lambda: message(editor) == "Completing with new.gguf")
    assert answered_by(editor, doc) == "new.gguf"
    editor.until(lambda: "old.gguf is closed" in editor.log.read_text())


def test_what_the_old_model_was_asked_it_answers(
    new_editor: NewEditor, models: Models, tmp_path: Path
) -> None:
    go = tmp_path / "answer.go"
    editor = new_editor().start(options={"model": {"path": models.add("old.gguf")}})
    doc = editor.open("a.py", f'#! {{"text": "{{model}}", "hold": "{go.as_posix()}"}}\n$0')
    editor.until(lambda: message(editor) == "Completing with old.gguf")
    asked = editor.task(editor.ask(doc, invoked=True))
    editor.until(lambda: editor.state == "working")
    use(editor, models.add("new.gguf"))
    editor.until(lambda: "Model new.gguf is ready" in editor.log.read_text())
    other = editor.open("b.py", MODEL)
    assert answered_by(editor, other) == "new.gguf"
    go.touch()
    item, *_ = editor.run(asked)
    assert item.insert_text == "old.gguf"


def test_what_the_old_model_suggested_is_gone_with_it(
    new_editor: NewEditor, models: Models
) -> None:
    editor = new_editor().start(options={"model": {"path": models.add("old.gguf")}})
    doc = editor.open("a.py", MODEL)
    editor.until(lambda: message(editor) == "Completing with old.gguf")
    use(editor, models.held("new.gguf"))
    editor.until(lambda: message(editor).endswith("loading new.gguf"))
    assert editor.suggestion(doc) == "old.gguf"
    models.release("new.gguf")
    editor.until(lambda: message(editor) == "Completing with new.gguf")
    assert editor.suggestion(doc) == "new.gguf"


def test_what_the_old_model_began_ahead_is_gone_with_it(
    new_editor: NewEditor, models: Models, tmp_path: Path
) -> None:
    go = tmp_path / "answer.go"
    go.touch()
    editor = new_editor().start(options={"model": {"path": models.add("old.gguf")}})
    doc = editor.open("a.py", f'#! {{"text": "{{model}}", "hold": "{go.as_posix()}"}}\n$0')
    editor.until(lambda: message(editor) == "Completing with old.gguf")
    use(editor, models.held("new.gguf"))
    editor.until(lambda: message(editor).endswith("loading new.gguf"))
    assert editor.suggestion(doc) == "old.gguf"
    go.unlink()
    editor.type(doc, "old.gguf")
    editor.until(lambda: editor.log.read_text().count("asked a.py") == 2)
    models.release("new.gguf")
    editor.until(lambda: message(editor) == "Completing with new.gguf")
    go.touch()
    assert editor.suggestion(doc) == "new.gguf"


def test_what_was_asked_before_the_settings_changed_is_not_remembered(
    new_editor: NewEditor, models: Models, tmp_path: Path
) -> None:
    go = tmp_path / "answer.go"
    editor = new_editor().start(options={"model": {"path": models.add("old.gguf")}})
    doc = editor.open("a.py", f'#! {{"text": "{{asked}}", "hold": "{go.as_posix()}"}}\n$0')
    editor.until(lambda: message(editor) == "Completing with old.gguf")
    asked = editor.task(editor.ask(doc))
    editor.until(lambda: editor.state == "working")
    use(editor, models.held("new.gguf"))
    editor.until(lambda: "new.gguf" in bars(editor))
    go.touch()
    item, *_ = editor.run(asked)
    assert item.insert_text == "1"
    assert editor.suggestion(doc) == "2"
    models.release("new.gguf")


def test_a_model_that_fails_changes_nothing_and_is_told_once(
    new_editor: NewEditor, models: Models
) -> None:
    editor = new_editor().start(options={"model": {"path": models.add("old.gguf")}})
    doc = editor.open("a.py", MODEL)
    assert answered_by(editor, doc) == "old.gguf"
    bad = models.add("bad.gguf", fail="The model bad.gguf is no good. Use another.")
    use(editor, bad)
    editor.until(lambda: editor.client.messages)
    assert answered_by(editor, doc) == "old.gguf"
    assert editor.state == "ready"
    assert message(editor) == (
        "Completing with old.gguf. The model bad.gguf is no good. Use another."
    )
    use(editor, bad)
    editor.until(lambda: editor.log.read_text().count("bad.gguf is no good") >= 2)
    (told,) = editor.client.messages
    assert told.type == types.MessageType.Error
    assert told.message == (
        "The model bad.gguf is no good. Use another. Completions go on with old.gguf."
    )
    use(editor, models.add("good.gguf"))
    editor.until(lambda: message(editor) == "Completing with good.gguf")
    assert answered_by(editor, doc) == "good.gguf"


def test_the_newest_of_rapid_changes_wins_and_every_model_is_let_go(
    new_editor: NewEditor, models: Models
) -> None:
    editor = new_editor().start(options={"model": {"path": models.add("first.gguf")}})
    doc = editor.open("a.py", MODEL)
    assert answered_by(editor, doc) == "first.gguf"
    for name in ("second.gguf", "third.gguf"):
        use(editor, models.held(name))
        editor.until(lambda name=name: message(editor).endswith(f"loading {name}"))
    use(editor, models.add("last.gguf"))
    editor.until(lambda: message(editor) == "Completing with last.gguf")
    models.release("second.gguf")
    models.release("third.gguf")
    closed = ("first", "second", "third")
    editor.until(lambda: all(f"{n}.gguf is closed" in editor.log.read_text() for n in closed))
    assert answered_by(editor, doc) == "last.gguf"
    assert editor.shut_down() == 0
    assert "last.gguf is closed" in editor.log.read_text()


def test_going_back_while_another_loads_keeps_the_old_one(
    new_editor: NewEditor, models: Models
) -> None:
    old = models.add("old.gguf")
    editor = new_editor().start(options={"model": {"path": old}})
    doc = editor.open("a.py", MODEL)
    assert answered_by(editor, doc) == "old.gguf"
    use(editor, models.held("new.gguf"))
    editor.until(lambda: message(editor).endswith("loading new.gguf"))
    use(editor, old)
    editor.until(lambda: message(editor) == "Completing with old.gguf")
    models.release("new.gguf")
    editor.until(lambda: "new.gguf is closed" in editor.log.read_text())
    assert answered_by(editor, doc) == "old.gguf"
    assert "old.gguf is closed" not in editor.log.read_text()


def test_a_first_model_that_is_not_wanted_any_more_holds_nobody_up(
    new_editor: NewEditor, models: Models
) -> None:
    editor = new_editor().start(options={"model": {"path": models.held("slow.gguf")}})
    doc = editor.open("a.py", MODEL)
    waiting = editor.task(editor.ask(doc, invoked=True))
    editor.until(lambda: message(editor) == "Loading slow.gguf")
    use(editor, models.add("fast.gguf"))
    editor.until(lambda: message(editor) == "Completing with fast.gguf")
    assert answered_by(editor, doc) == "fast.gguf"
    models.release("slow.gguf")
    assert editor.run(waiting) is None
    editor.until(lambda: "slow.gguf is closed" in editor.log.read_text())


# With the real model.

CODE = "def area(width, height):\n    return width * hei$0\n\nprint(area(2, 3))\n"


def test_switching_between_real_models_while_requests_arrive(
    new_editor: NewEditor, default_model: Path, tmp_path: Path
) -> None:
    other, torn, numb = tmp_path / "other.gguf", tmp_path / "torn.gguf", tmp_path / "numb.gguf"
    shutil.copy(default_model, other)
    torn.write_bytes(default_model.read_bytes()[:100_000])
    shutil.copy(default_model, numb)
    _spoil(numb)
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0})
    doc = editor.open("a.py", CODE)

    def serves(name: str) -> bool:
        # Each of these requests must get an answer while the models change.
        assert answered_by(editor, doc)
        return bool(editor.explain(doc)["model"] == name)

    editor.until(lambda: serves(default_model.name))
    use(editor, other)
    editor.until(lambda: serves("other.gguf"))
    for bad, why in ((torn, "torn.gguf cannot be loaded"), (numb, "no numbers")):
        use(editor, bad)
        editor.until(lambda why=why: serves("other.gguf") and why in message(editor))
    assert [told.message.endswith("go on with other.gguf.") for told in editor.client.messages] == [
        True,
        True,
    ]
    assert editor.shut_down() == 0


def test_a_model_whose_file_is_gone_goes_on(
    new_editor: NewEditor, default_model: Path, tmp_path: Path
) -> None:
    removed = tmp_path / "removed.gguf"
    shutil.copy(default_model, removed)
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0, "model": {"path": str(removed)}})
    editor.until(lambda: message(editor) == "Completing with removed.gguf")
    removed.unlink()
    assert answered_by(editor, editor.open("a.py", CODE))


def test_status_and_explanation_name_who_completes_and_who_decides(
    new_editor: NewEditor, default_model: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.gguf"
    plain.write_bytes(default_model.read_bytes().replace(b"<cc>", b"<c!>"))
    editor = new_editor()
    (editor.folder / "shapes.py").write_text(CODE.replace("$0", "ght"))
    editor.start(*editor.serve, options={"minProbability": 0, "model": {"path": str(plain)}})
    doc = editor.open("a.py", CODE)
    assert answered_by(editor, doc)
    editor.until(
        lambda: message(editor) == "Completing with plain.gguf, nano.gguf decides when to look"
    )
    record = editor.explain(doc)
    assert (record["model"], record["policy"]) == ("plain.gguf", default_model.name)
    assert 0 < record["gate"]["probability"] < 1
    assert record["tokens"]["policy"] > 0
    assert f"policy {default_model.name} {record['tokens']['policy']}" in editor.log.read_text()


def _spoil(path: Path) -> None:
    """Overwrite the weights with NaN."""
    reader = gguf.GGUFReader(path, "r+")
    (norm,) = (tensor for tensor in reader.tensors if tensor.name == "output_norm.weight")
    norm.data[:] = np.nan
    norm.data.base.flush()
