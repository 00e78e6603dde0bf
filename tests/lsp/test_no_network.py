"""Serving makes no connection to anywhere; those to other machines fail any test of a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.lsp import audited


def test_serving_makes_no_connection(new_editor: Callable[..., Any]) -> None:
    editor = new_editor()
    (editor.folder / "shapes.py").write_text("def area(radius):\n    return 3 * radius * radius\n")
    editor.start(*editor.serve, options={"retrieval": {"mode": "always"}, "minProbability": 0})
    doc = editor.open("a.py", "def area(radius):\n    return $0")
    editor.until(lambda: editor.state == "ready")
    assert editor.complete(doc, invoked=True) is not None
    assert editor.shut_down() == 0
    assert audited.places(editor.network) == []


def test_a_server_that_asks_for_another_machine_fails_its_test(
    new_editor: Callable[..., Any],
) -> None:
    editor = new_editor()
    # A name that never exists (RFC 6761); the server falls back to its own model.
    remote = {"remote": "https://models.invalid/v1", "remoteFormat": "qwen2.5-coder"}
    editor.start(*editor.serve, options={"minProbability": 0, "model": remote})
    editor.until(lambda: editor.state == "ready")
    editor.complete(editor.open("a.py", "def area(radius):\n    return $0"), invoked=True)
    with pytest.raises(AssertionError, match=r"asked for \{'models.invalid'\}"):
        editor.shut_down()
