"""The suggestion after an accepted one is there before the client requests it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types


def script(text: str = "taken", **more: object) -> str:
    return "#! " + json.dumps({"text": text, **more}) + "\n"


def said(editor: Any, name: str) -> list[str]:
    """The log of the model about one document: `asked` and `stopped`, in order."""
    lines = editor.log.read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if f" {name} at " in line]
    return [word[-4] for word in words]


def asked(editor: Any, name: str) -> int:
    return said(editor, name).count("asked")


def take(editor: Any, item: types.InlineCompletionItem) -> None:
    """Say that the suggestion was accepted."""
    command = item.command
    assert command is not None
    editor.run(
        editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command.command, command.arguments)
        )
    )


@pytest.fixture
def held(editor: Any, tmp_path: Path) -> Callable[[str], tuple[Any, Path]]:
    """A document whose first suggestion is shown; the next is not answered until told so."""

    def open_and_show(name: str) -> tuple[Any, Path]:
        gate = tmp_path / "go"
        gate.touch()
        doc = editor.open(name, script(hold=gate.as_posix()) + "x = $0")
        assert editor.suggestion(doc) == "taken"
        gate.unlink()
        return doc, gate

    return open_and_show


def test_the_next_suggestion_needs_no_model_any_more(editor: Any) -> None:
    doc = editor.open("next.py", script("taken {left}") + "x$0")
    assert editor.suggestion(doc) == "taken x"
    editor.type(doc, "taken x")
    editor.until(lambda: asked(editor, "next.py") == 2)
    assert editor.suggestion(doc) == "taken xtaken x"
    assert editor.explain(doc)["recalled"]
    assert asked(editor, "next.py") == 2


def test_a_request_that_comes_meanwhile_waits_for_it(editor: Any, held: Any) -> None:
    doc, gate = held("meanwhile.py")
    editor.type(doc, "taken")
    editor.until(lambda: asked(editor, "meanwhile.py") == 2)
    request = editor.task(editor.ask(doc))
    editor.explain()
    gate.touch()
    assert editor.run(request)[0].insert_text == "taken"
    assert said(editor, "meanwhile.py") == ["asked", "asked"]


def test_an_edit_to_something_else_stops_it(editor: Any, held: Any) -> None:
    doc, _ = held("edited.py")
    editor.type(doc, "taken")
    editor.until(lambda: asked(editor, "edited.py") == 2)
    editor.type(doc, "y")
    editor.until(lambda: said(editor, "edited.py")[-1] == "stopped")


def test_it_makes_nobody_wait(editor: Any, held: Any) -> None:
    doc, _ = held("slow.py")
    other = editor.open("other.py", script("quick") + "$0")
    editor.type(doc, "taken")
    editor.until(lambda: asked(editor, "slow.py") == 2)
    assert editor.suggestion(other) == "quick"
    editor.until(lambda: said(editor, "slow.py")[-1] == "stopped")


def test_it_begins_with_the_command_where_that_comes_before_the_text(editor: Any) -> None:
    doc = editor.open("command.py", script() + "$0")
    (item,) = editor.complete(doc)
    take(editor, item)
    editor.until(lambda: asked(editor, "command.py") == 2)
    editor.type(doc, "taken")
    assert editor.suggestion(doc) == "taken"
    assert editor.explain(doc)["recalled"]
    assert asked(editor, "command.py") == 2


def test_the_command_after_the_text_begins_nothing_new(editor: Any) -> None:
    doc = editor.open("after.py", script() + "$0")
    (item,) = editor.complete(doc)
    editor.type(doc, "taken")
    take(editor, item)
    assert editor.suggestion(doc) == "taken"
    assert asked(editor, "after.py") == 2


def test_an_alternative_may_be_taken(editor: Any) -> None:
    doc = editor.open("other_one.py", script(others=["another"]) + "f($0)")
    editor.complete(doc, invoked=True)
    editor.type(doc, "another")
    editor.until(lambda: asked(editor, "other_one.py") == 2)
    assert editor.suggestion(doc) == "taken"
    assert editor.explain(doc)["recalled"]


def test_what_it_replaces_is_gone(editor: Any) -> None:
    doc = editor.open("bracket.py", script("x)", replace_after=1) + "f($0)\n")
    assert editor.suggestion(doc) == "x)"
    editor.type(doc, "x)", delete=1)
    editor.until(lambda: asked(editor, "bracket.py") == 2)


def test_typing_a_suggestion_to_its_end_is_taking_it(editor: Any) -> None:
    doc = editor.open("typed.py", script("ab") + "$0")
    assert editor.suggestion(doc) == "ab"
    editor.type(doc, "a")
    assert editor.suggestion(doc) == "b"
    assert asked(editor, "typed.py") == 1
    editor.type(doc, "b")
    editor.until(lambda: asked(editor, "typed.py") == 2)


def test_nothing_is_begun_where_completion_is_off(editor: Any) -> None:
    doc = editor.open("off.py", script() + "$0")
    (item,) = editor.complete(doc)
    editor.configure({"languages": {"python": False}})
    editor.until(lambda: editor.complete(doc) == [])
    take(editor, item)
    editor.type(doc, "taken")
    assert editor.complete(doc) == []
    assert asked(editor, "off.py") == 1
    editor.configure({})
    editor.until(lambda: editor.complete(doc))


def test_with_the_shipped_model_nothing_is_evaluated_for_it(real_editor: Any) -> None:
    code = "value = compute(1)\nprint(value)\nvalue = compute(2)\nclose(value)\n\n\n" * 6
    doc = real_editor.open("repeated.py", code + "value = $0\n")
    text = real_editor.suggestion(doc)
    real_editor.type(doc, text)
    real_editor.complete(doc)
    record = real_editor.explain(doc)
    assert record["recalled"]
    assert record["tokens"]["evaluated"] == record["tokens"]["generated"] == 0
