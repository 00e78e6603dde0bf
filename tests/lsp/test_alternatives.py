"""A request by hand gets several suggestions, an automatic one gets one."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

SCRIPT = '#! {"text": "one", "others": ["two(", "three"]}\n'


def texts(items: Any) -> list[str]:
    return [item.insert_text for item in items]


def test_who_asks_by_hand_is_offered_alternatives(editor: Any) -> None:
    doc = editor.open("hand.py", SCRIPT + "x = $0")
    assert texts(editor.complete(doc)) == ["one"]
    assert texts(editor.complete(doc, invoked=True)) == ["one", "two(", "three"]


def test_each_says_by_itself_that_it_was_accepted(editor: Any) -> None:
    doc = editor.open("which.py", SCRIPT + "$0")
    items = editor.complete(doc, invoked=True)
    said = [item.command.arguments[0] for item in items]
    assert [arguments["which"] for arguments in said] == [0, 1, 2]
    (id,) = {arguments["id"] for arguments in said}
    last = items[-1].command
    editor.run(
        editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(last.command, last.arguments)
        )
    )
    record = editor.explain(doc)
    assert (record["id"], record["accepted"]) == (id, True)


def test_an_alternative_may_be_typed_along(editor: Any) -> None:
    doc = editor.open("along.py", SCRIPT + "$0")
    editor.complete(doc, invoked=True)
    editor.type(doc, "tw")
    assert texts(editor.complete(doc)) == ["o("]
    assert editor.explain(doc)["recalled"]


def test_a_selected_completion_is_extended_by_each(editor: Any) -> None:
    doc = editor.open("extended.py", SCRIPT + "pr$0")
    span = types.Range(types.Position(1, 0), types.Position(1, 2))
    selected = types.SelectedCompletionInfo(range=span, text="print")
    items = editor.complete(doc, invoked=True, selected=selected)
    assert texts(items) == ["printone", "printtwo(", "printthree"]
    assert [item.range for item in items] == [span] * 3


def test_the_shipped_model_has_alternatives(real_editor: Any) -> None:
    code = (
        "def area(width, height):\n    return width * height\n\n\ndef volume(width, height):\n    "
    )
    doc = real_editor.open("boxes.py", code + "$0\n")
    one = texts(real_editor.complete(doc))
    several = texts(real_editor.complete(doc, invoked=True))
    assert one == several[:1]
    assert 2 <= len(several) == len(set(several)) <= 4
