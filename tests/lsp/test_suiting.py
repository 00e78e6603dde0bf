"""The first start on a machine: the small model completes at once, and then the one that suits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sidelong import paths, shipped
from sidelong.settings import UserSettings

NewEditor = Callable[..., Any]

CODE = "def area(width, height):\n    return width * hei$0\n\nprint(area(2, 3))\n"


def test_nobody_waits_for_the_machine_to_be_measured(new_editor: NewEditor) -> None:
    paths.speed_file().unlink()
    editor = new_editor()
    editor.start(*editor.serve, options={"minProbability": 0})
    doc = editor.open("a.py", CODE)
    editor.until(lambda: editor.state == "ready")
    assert editor.statuses[-1]["message"] == "Completing with nano.gguf"
    assert not paths.speed_file().exists()
    assert editor.complete(doc)
    editor.until(paths.speed_file().exists)
    speed = shipped.kept_speed(UserSettings(threads=1))
    assert speed is not None
    suiting = "default.gguf" if shipped.suits(speed) else "nano.gguf"
    editor.until(lambda: editor.statuses[-1]["message"] == f"Completing with {suiting}")


def test_a_measured_machine_is_not_measured_again(new_editor: NewEditor) -> None:
    before = json.loads(paths.speed_file().read_text(encoding="utf-8"))
    editor = new_editor()
    editor.start(*editor.serve)
    editor.until(lambda: editor.state == "ready")
    editor.stop()
    assert json.loads(paths.speed_file().read_text(encoding="utf-8")) == before
    assert "tokens a second" not in editor.log.read_text()


def test_two_windows_that_start_together_measure_once(new_editor: NewEditor) -> None:
    paths.speed_file().unlink()
    editors = [new_editor() for _ in range(2)]
    for editor in editors:
        editor.start(*editor.serve)
    for editor in editors:
        editor.until(lambda editor=editor: "tokens a second" in editor.log.read_text())
    said = {
        line.partition("The default model")[2]
        for editor in editors
        for line in editor.log.read_text().splitlines()
        if "tokens a second" in line
    }
    assert len(said) == 1, "the second takes what the first has found"
