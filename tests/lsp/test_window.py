"""The window follows the machine's speed, and `sidelong/explain` says so; with the real model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidelong.engine import Speed, keep_speed, kept_speed
from sidelong.settings import UserSettings

NewEditor = Callable[..., Any]

USER = UserSettings(threads=1)
CODE = "def area(width, height):\n    return width * hei$0\n\nprint(area(2, 3))\n"
LINES = "\n".join(f"x{i} = {i} * {i}" for i in range(400))
LONG = f"{LINES}\n{CODE}{LINES}\n"


@pytest.fixture
def wide(default_model: Path, tmp_path: Path) -> Path:
    """The small model without its own number of tokens after the cursor; 312 fit."""
    path = tmp_path / "wide.gguf"
    content = default_model.read_bytes()
    path.write_bytes(content.replace(b"sidelong.suffix_tokens", b"sidelong.suffix_tokenz"))
    return path


def explained(editor: Any, path: Path, **settings: object) -> dict[str, Any]:
    model = {"path": str(path), "unloadAfterMinutes": 0}
    editor.start(*editor.serve, options={"minProbability": 0, "model": model, **settings})
    doc = editor.open("a.py", LONG)
    assert editor.complete(doc, invoked=True)
    record: dict[str, Any] = editor.explain(doc)
    return record


def test_a_slow_machine_reads_less_and_says_why(new_editor: NewEditor, wide: Path) -> None:
    keep_speed(wide, USER, Speed(prefill=50, decode=50))
    record = explained(new_editor(), wide)
    assert record["window"] == {
        "prefix": 256,
        "suffix": 128,
        "context": 0,
        "reason": "384 of the model's own 568 tokens, because this machine reads 50 a second",
    }
    assert record["tokens"]["prompt"] <= 256 + 128 + 8


def test_a_fast_machine_reads_what_the_model_was_made_for(
    new_editor: NewEditor, wide: Path
) -> None:
    keep_speed(wide, USER, Speed(prefill=50_000, decode=500))
    record = explained(new_editor(), wide)
    assert record["window"]["suffix"] == 312
    assert record["window"]["reason"] == "the model's own"
    assert record["tokens"]["prompt"] > 256 + 128 + 8


def test_a_setting_of_the_user_wins(new_editor: NewEditor, wide: Path) -> None:
    keep_speed(wide, USER, Speed(prefill=50, decode=50))
    record = explained(new_editor(), wide, budget={"suffix": 300})
    assert record["window"]["suffix"] == 300
    assert record["window"]["reason"].endswith("; budget.suffix as set")
    assert record["tokens"]["prompt"] > 256 + 128 + 8


def test_a_model_that_is_new_here_is_measured_when_it_loads(
    new_editor: NewEditor, wide: Path
) -> None:
    record = explained(new_editor(), wide)
    known = kept_speed(wide, USER)
    assert known is not None
    assert known.speed.prefill > 0
    assert "not measured" not in record["window"]["reason"]


def test_the_window_stays_while_the_server_learns_that_the_machine_is_faster(
    new_editor: NewEditor, wide: Path
) -> None:
    keep_speed(wide, USER, Speed(prefill=1, decode=50))
    editor = new_editor()
    first = explained(editor, wide)["window"]
    doc = editor.open("b.py", LONG.replace("x", "y"))
    assert editor.complete(doc, invoked=True)
    assert editor.explain(doc)["window"] == first
    assert editor.shut_down() == 0
    known = kept_speed(wide, USER)
    assert known is not None
    assert known.speed.prefill > 1, "the next start chooses by what was really read"
