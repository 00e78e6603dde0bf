"""A model that ends the server costs one server: the next one uses the shipped model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from sidelong import paths
from sidelong.engine import ModelEngine, Speed, keep_speed
from sidelong.lsp.crash_note import Crash, CrashNote, take
from sidelong.lsp.fallback import Fallback
from sidelong.settings import UserSettings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes are POSIX's")

NewEditor = Callable[..., Any]

CRASHING = """
import os, sys
from pathlib import Path
from sidelong.engine import Cancel, load_model
from sidelong.engine.model import llama
from sidelong.lsp.crash_note import CrashNote
model = Path(sys.argv[2])
note = CrashNote(Path(sys.argv[1]))
note.start()
note.running([model])
loaded = load_model(model, threads=1)
if sys.argv[3] == "inside":
    llama.llama_cpp.llama_decode = lambda *_: os.abort()
    loaded.evaluate([1, 2], rows=1, cancel=Cancel())
os.abort()
"""
"""A process that ends inside of llama.cpp, or elsewhere."""


def served_by(editor: Any) -> str:
    """The message in the status bar once a model answers."""
    editor.until(lambda: editor.state == "ready")
    return str(editor.statuses[-1]["message"])


def warnings(editor: Any) -> list[str]:
    """The messages that the user has seen."""
    kind = types.MessageType.Warning
    return [shown.message for shown in editor.client.messages if shown.type == kind]


def die(editor: Any) -> None:
    os.kill(editor.client._server.pid, signal.SIGKILL)
    editor.stop()


def test_the_next_server_uses_the_shipped_model_and_the_one_after_tries_again(
    new_editor: NewEditor, tmp_path: Path, default_model: Path
) -> None:
    path = tmp_path / "coder.gguf"
    os.mkfifo(path)
    options = {"model": {"path": str(path)}}
    editor = new_editor()
    editor.start(*editor.serve, options=options)
    editor.until(lambda: editor.state == "loading" and "coder" in editor.statuses[-1]["message"])
    die(editor)

    path.unlink()
    shutil.copy(default_model, path)
    editor = new_editor()
    editor.start(*editor.serve, options=options)
    assert "nano.gguf" in served_by(editor)
    editor.configure({"maxLines": 3})
    editor.complete(editor.open("a.py", "width = 1\nwi$0"), invoked=True)
    (said,) = warnings(editor)
    assert f"ended while it loaded the model {path}" in said
    assert "`sidelong doctor`" in said
    assert editor.shut_down() == 0

    editor = new_editor()
    editor.start(*editor.serve, options=options)
    assert "coder.gguf" in served_by(editor)
    assert warnings(editor) == []
    assert editor.shut_down() == 0


def test_a_server_that_was_killed_while_it_served_uses_the_same_model_again(
    new_editor: NewEditor, tmp_path: Path, default_model: Path
) -> None:
    path = Path(shutil.copy(default_model, tmp_path / "coder.gguf"))
    for _ in range(2):
        editor = new_editor()
        editor.start(*editor.serve, options={"model": {"path": str(path)}})
        assert "coder.gguf" in served_by(editor)
        assert warnings(editor) == []
        die(editor)


def test_a_model_that_ends_the_server_while_it_loads_again_costs_that_one_too(
    new_editor: NewEditor, tmp_path: Path
) -> None:
    path = tmp_path / "a.gguf"
    path.touch()
    options = {"model": {"path": str(path), "unloadAfterMinutes": 0.003}}
    first = new_editor().start(options=options)
    doc = first.open("a.py", '#! {"text": "x"}\n$0')
    first.until(lambda: first.statuses and "is unloaded" in first.statuses[-1]["message"])
    path.write_text(json.dumps({"hold": str(tmp_path / "never")}))
    asked = first.task(first.ask(doc))
    first.until(lambda: first.state == "loading")
    asked.cancel()
    die(first)
    second = new_editor().start(options=options)
    assert served_by(second) == "Completing with scripted"
    assert "ended while it loaded the model" in warnings(second)[0]


@pytest.mark.parametrize(("where", "blamed"), [("inside", True), ("elsewhere", False)])
def test_a_crash_is_the_models_if_it_happened_inside_of_llama_cpp(
    tmp_path: Path, default_model: Path, where: str, blamed: bool
) -> None:
    command = [sys.executable, "-c", CRASHING, str(tmp_path), str(default_model), where]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == -signal.SIGABRT
    assert take(tmp_path) == ([Crash((default_model,), loading=False)] if blamed else [])


def test_a_shipped_model_that_is_measured_is_blamed_before_the_one_that_answers(
    tmp_path: Path, default_model: Path
) -> None:
    program = CRASHING.replace("note.running([model])", "note.running([]); note.measuring([model])")
    command = [sys.executable, "-c", program, str(tmp_path), str(default_model), "inside"]
    subprocess.run(command, capture_output=True, check=False)
    assert take(tmp_path) == [Crash((default_model,), loading=False)]


def test_the_user_is_told_of_a_crash_while_the_shipped_model_was_measured(tmp_path: Path) -> None:
    told: list[str] = []
    note = CrashNote(tmp_path)
    note.start()
    note.measuring([paths.default_model()])
    (file,) = tmp_path.glob("*.note")
    text = file.read_text() + 'File "llama.py", line 1'
    note.stop()
    (tmp_path / "1-1.0.note").write_text(text)

    fallback = Fallback(ModelEngine, tmp_path, told.append)
    fallback.start()
    for _ in range(2):
        chosen = fallback.choose(UserSettings(shipped=paths.nano_model()))
        assert chosen.shipped == paths.nano_model()
    fallback.stop()
    (said,) = told
    assert "ended inside of its model" in said
    assert fallback.blames_default


AS_DEFAULT = """
import os, sys
from pathlib import Path
from sidelong import paths
default = Path(sys.argv.pop(1))
paths.default_model = lambda: default
if sys.argv.pop(1) == "crashing":
    from sidelong.engine.model import llama
    load = llama.llama_cpp.llama_model_load_from_file
    ends = lambda path, *rest: os.abort() if b"default" in path else load(path, *rest)
    llama.llama_cpp.llama_model_load_from_file = ends
from sidelong.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The real server with another file as `default`, on whose loading it ends."""


def test_default_that_ends_the_server_costs_one_and_nano_serves_the_next(
    new_editor: NewEditor, tmp_path: Path, default_model: Path
) -> None:
    path = Path(shutil.copy(default_model, tmp_path / "default.gguf"))
    keep_speed(path, UserSettings(threads=1), Speed(prefill=10_000, decode=1_000))

    def started(how: str) -> Any:
        editor = new_editor()
        _, _, *serve = editor.serve
        return editor.start("-c", AS_DEFAULT, str(path), how, *serve)

    crashed = started("crashing")
    crashed.run(crashed.client._server.wait())
    crashed.stop()
    editor = started("crashing")
    assert "nano.gguf" in served_by(editor)
    (said,) = warnings(editor)
    assert f"ended inside of its model {path}" in said
    assert "install sidelong again" in said
    assert editor.shut_down() == 0
    editor = started("sound")
    assert "default.gguf" in served_by(editor)
    assert warnings(editor) == []
    assert editor.shut_down() == 0


def test_the_note_of_a_running_server_is_left_alone(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sidelong.lsp.crash_note import CrashNote; "
        "note = CrashNote(Path(sys.argv[1])); note.start(); note.loading([Path('coder.gguf')]); "
        "print(flush=True); input(); note.stop()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert take(tmp_path) == []
        process.communicate("\n")
    assert list(tmp_path.iterdir()) == []


def test_a_load_that_was_dropped_erases_no_newer_note(tmp_path: Path) -> None:
    note = CrashNote(tmp_path)
    note.start()
    older, newer = Path("/older.gguf"), Path("/newer.gguf")
    note.loading([older])
    note.loading([newer])
    note.ended([older])
    (file,) = tmp_path.glob("*.note")
    assert json.loads(file.read_text().splitlines()[-1])["loading"] == [str(newer)]
    note.ended([newer])
    assert json.loads(file.read_text().splitlines()[-1])["loading"] == []
    note.stop()
