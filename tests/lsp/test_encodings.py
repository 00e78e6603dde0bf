"""All three position encodings are real: VS Code has UTF-16, Neovim UTF-8, Emacs UTF-32."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types

ECHO = '#! {"text": "[{left}|{right}]", "replace_after": 2}'


def test_edits_and_answers_count_in_the_agreed_units(editor_in_each_encoding: Any) -> None:
    editor = editor_in_each_encoding
    doc = editor.open("a.py", f'{ECHO}\r\n\tx = "😀中"; y$0 = "é")]\r\n')
    editor.type(doc, "🎉z", delete=2)
    (item,) = editor.complete(doc)
    assert item.insert_text == '[\tx = "😀中"; y🎉z| "é")]\r]'
    start = doc.units('\tx = "😀中"; y🎉z')
    assert item.range == types.Range(types.Position(1, start), types.Position(1, start + 2))


def test_a_range_covers_characters_and_not_units(editor_in_each_encoding: Any) -> None:
    editor = editor_in_each_encoding
    doc = editor.open("b.py", f"{ECHO}\n$0😀中")
    (item,) = editor.complete(doc)
    assert item.range.end == types.Position(1, doc.units("😀中"))


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (["utf-7", "utf-32", "utf-8", "utf-16"], "utf-32"),
        (["utf-7"], "utf-16"),
    ],
)
def test_the_clients_first_choice_is_agreed(raw: Any, offered: list[str], agreed: str) -> None:
    result = raw.initialize(capabilities={"general": {"positionEncodings": offered}})
    assert result["capabilities"]["positionEncoding"] == agreed
