"""Where the cursor rests the model reads ahead, so that the request there costs next to nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol.types import Position

from sidelong.lsp.methods.did_move_cursor import _position_in

CODE = "".join(
    f"""def read_{name}(path):
    with open(path, encoding="utf-8") as file:
        return parse_{name}(file.read(), separator=";", strict=True)


"""
    for name in ("rows", "columns", "cells", "names", "units", "types", "values")
)


def rest(editor: Any, doc: Any, position: object = None) -> None:
    """Tell the server that the cursor rests, at the document's cursor unless told otherwise."""
    place = {"line": doc.position.line, "character": doc.position.character}
    document = {"uri": doc.uri}
    params = {"textDocument": document, "position": position or place}
    editor.client.protocol.notify("sidelong/didMoveCursor", params)


def script(text: str = "taken", **more: object) -> str:
    return "#! " + json.dumps({"text": text, **more}) + "\n"


def said(editor: Any, name: str) -> list[str]:
    """The log of the model about one document: `reading`, `asked` and `stopped`, in order."""
    lines = editor.log.read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if f" {name} at " in line]
    return [word[-4] for word in words]


@pytest.fixture
def resting(editor: Any, request: pytest.FixtureRequest) -> tuple[Any, str]:
    """A document at whose cursor the model reads ahead, for as long as it is let."""
    name = f"{request.node.name}.py"
    doc = editor.open(name, script(wait=True) + "x = $0")
    rest(editor, doc)
    editor.until(lambda: said(editor, name) == ["reading"])
    return doc, name


def test_the_request_where_the_cursor_rests_evaluates_next_to_nothing(real_editor: Any) -> None:
    doc = real_editor.open("rests.py", CODE + "def read_lines(path):\n    with $0\n\n" + CODE)
    rest(real_editor, doc)
    real_editor.until(lambda: "rests.py: read ahead" in real_editor.log.read_text())
    real_editor.complete(doc)
    tokens = real_editor.explain(doc)["tokens"]
    assert tokens["prompt"] > 200
    assert tokens["evaluated"] <= 4


def test_a_request_at_the_same_place_is_not_behind_the_read_ahead(
    editor: Any, tmp_path: Path
) -> None:
    gate = tmp_path / "go"
    doc = editor.open("same.py", script(hold=gate.as_posix()) + "x = $0")
    rest(editor, doc)
    editor.until(lambda: said(editor, "same.py") == ["reading"])
    request = editor.task(editor.ask(doc))
    editor.until(lambda: said(editor, "same.py") == ["reading", "stopped", "asked"])
    gate.touch()
    assert editor.run(request)[0].insert_text == "taken"


def test_a_request_elsewhere_stops_it(editor: Any, resting: tuple[Any, str]) -> None:
    _, name = resting
    other = editor.open("elsewhere.py", script("quick") + "$0")
    assert editor.suggestion(other) == "quick"
    assert said(editor, name) == ["reading", "stopped"]


def test_a_cursor_that_rests_elsewhere_stops_it(editor: Any, resting: tuple[Any, str]) -> None:
    doc, name = resting
    rest(editor, doc, {"line": 0, "character": 0})
    editor.until(lambda: said(editor, name) == ["reading", "stopped", "reading"])
    rest(editor, doc, {"line": 0, "character": 0})
    editor.explain()
    assert said(editor, name) == ["reading", "stopped", "reading"]
    editor.close(doc)


def test_an_edit_stops_it(editor: Any, resting: tuple[Any, str]) -> None:
    doc, name = resting
    editor.type(doc, "y")
    editor.until(lambda: said(editor, name) == ["reading", "stopped"])


def test_closing_the_document_stops_it(editor: Any, resting: tuple[Any, str]) -> None:
    doc, name = resting
    editor.close(doc)
    editor.until(lambda: said(editor, name) == ["reading", "stopped"])


def test_where_completion_is_off_nothing_is_read(editor: Any) -> None:
    doc = editor.open("off.md", script() + "x = $0", language="markdown")
    editor.configure({"languages": {"markdown": False}})
    editor.until(lambda: editor.complete(doc) == [])
    rest(editor, doc)
    assert editor.complete(doc) == []
    assert "reading" not in said(editor, "off.md")
    editor.configure(None)


def test_a_notification_of_an_unknown_shape_is_ignored(editor: Any) -> None:
    for params in (None, {}, {"textDocument": {"uri": "file:///none.py"}}, {"position": 3}):
        editor.client.protocol.notify("sidelong/didMoveCursor", params)
    doc = editor.open("shape.py", script("still") + "$0")
    rest(editor, doc, {"line": "1", "character": None})
    assert editor.suggestion(doc) == "still"
    assert said(editor, "shape.py") == ["asked"]


@pytest.mark.parametrize(("line", "character"), [(-1, 0), (0, -1), (2**31, 0), (0, 2**63)])
def test_a_place_beyond_the_protocols_numbers_is_none(line: int, character: int) -> None:
    assert _position_in({"position": {"line": line, "character": character}}) is None
    assert _position_in({"position": {"line": 3, "character": 4}}) == Position(3, 4)
