"""`sidelong model use` in a shell, while the real server serves an editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidelong.cli import main

NewEditor = Callable[..., Any]


def test_a_model_chosen_in_a_shell_serves_the_running_editor(
    new_editor: NewEditor, tmp_path: Path, default_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDELONG_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("SIDELONG_MODELS_DIR", str(tmp_path / "models"))
    editor = new_editor()
    editor.start(*editor.serve)

    def ready_with(name: str) -> None:
        editor.until(lambda: editor.state == "ready" and name in editor.statuses[-1]["message"])

    ready_with("nano.gguf")
    assert main(["model", "add", str(default_model), "--name", "coder"]) == 0
    assert main(["model", "use", "coder"]) == 0
    ready_with("coder.gguf")
    assert main(["model", "use", "auto"]) == 0
    ready_with("nano.gguf")
