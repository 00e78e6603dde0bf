"""What was learnt about a folder decides in the editor too, and what is counted there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sidelong.correction import Correction
from sidelong.learnt import save_correction
from sidelong.model.llama import LlamaModel
from sidelong.model.protocol import Cancel

NewEditor = Callable[..., Any]

CODE = "def area(width, height):\n    return $0\n"
THRESHOLD = {"minProbability": 0, "retrieval": {"threshold": 0.87}}


def keep_correction(editor: Any, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep one for the editor's folder that says 0.875 whatever it is asked about."""
    hidden = llama.evaluate([1], rows=1, cancel=Cancel(), hidden=True).hidden
    assert hidden is not None
    scale = np.array([0.0]), np.array([0.875])
    found = Correction(llama.fingerprint, 0.0, 0.0, np.zeros(hidden.shape[1]), *scale)
    with monkeypatch.context() as patch:
        patch.setenv("SIDELONG_CACHE_DIR", str(editor.folder.parent / "cache"))
        assert save_correction(editor.folder, found)


def test_a_correction_of_the_folder_decides(
    new_editor: NewEditor, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = new_editor()
    (editor.folder / "shapes.py").write_text(
        "def perimeter(width, height):\n    return 2 * (width + height)\n", encoding="utf-8"
    )
    keep_correction(editor, llama, monkeypatch)
    editor.start(*editor.serve, options=THRESHOLD)
    doc = editor.open("area.py", CODE)

    def gate() -> Any:
        editor.complete(doc, invoked=True)
        return editor.explain(doc)["gate"]

    assert gate()["corrected"] == 0.875
    assert gate()["probability"] < gate()["threshold"]
    editor.until(lambda: gate()["retrieved"])  # once the folder is indexed


def test_a_correction_that_is_deleted_is_missed_by_nobody(
    new_editor: NewEditor, llama: LlamaModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = new_editor()
    keep_correction(editor, llama, monkeypatch)
    for file in (tmp_path / "cache" / "learnt").iterdir():
        file.write_bytes(b"\0torn")
    editor.start(*editor.serve, options=THRESHOLD)
    doc = editor.open("area.py", CODE)
    editor.complete(doc, invoked=True)
    assert editor.explain(doc)["gate"]["corrected"] is None
    assert "is not used" in editor.log.read_text(encoding="utf-8")
