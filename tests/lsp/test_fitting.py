"""A suggestion fits where it is put, accepted whole, by word, by line, or typed; scripted model.

A document is written with the cursor at `$0`; its first line tells the model what to write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

WAYS: dict[str, re.Pattern[str]] = {
    # what is accepted at a time
    "whole": re.compile(r".*", re.DOTALL),
    "by word": re.compile(r"\s*(?:\w+|[^\w\s]+)"),
    "by line": re.compile(r"\n*[^\n]*"),
    "typed": re.compile(r".", re.DOTALL),
}


@pytest.fixture(params=list(WAYS))
def accepted(request: pytest.FixtureRequest, editor: Any) -> Callable[[str, str, str], str]:
    """The document, without its first line, once all of the suggestion is accepted."""

    def accept(name: str, document: str, written: str) -> str:
        first = "#! " + json.dumps({"written": written})
        language, path = name.split(" ")
        doc = editor.open(f"{request.node.name}{path}", f"{first}\n{document}", language=language)
        (item,) = editor.complete(doc)
        over = item.range.end.character - doc.position.character
        whole = doc.text[: doc.cursor] + item.insert_text + doc.text[doc.cursor + over :]
        while doc.text != whole:
            piece = WAYS[request.param].match(item.insert_text)[0]  # type: ignore[index]
            all_of_it = piece == item.insert_text
            editor.type(doc, piece, delete=over if all_of_it else 0)
            if not all_of_it and doc.text != whole:
                (item,) = editor.complete(doc)
                over = item.range.end.character - doc.position.character
        return str(whole.partition("\n")[2])

    return accept


def test_a_quote_in_a_comment_is_not_doubled(accepted: Callable[..., str]) -> None:
    assert accepted("python .py", '# say "ab$0"\n', 'cd"') == '# say "abcd"\n'


def test_a_quote_in_a_page_is_not_doubled(accepted: Callable[..., str]) -> None:
    document = "<script>\nthis.$emit('ch$0')\n</script>\n"
    expected = "<script>\nthis.$emit('change')\n</script>\n"
    assert accepted("vue .vue", document, "ange')") == expected


def test_no_bracket_is_left_open_before_a_closing_one(accepted: Callable[..., str]) -> None:
    assert accepted("javascript .js", "it('wo$0');\n", "rks', () => {") == "it('works');\n"


def test_the_line_below_is_not_written_again(accepted: Callable[..., str]) -> None:
    document = "cat <<EOF\nDon't ($0\nEOF\n"
    assert accepted("shellscript .sh", document, "go\nEOF") == "cat <<EOF\nDon't (go\nEOF\n"


def test_indentation_is_the_documents_own(accepted: Callable[..., str]) -> None:
    document = "def f(x):\n\tif x:\n\t\treturn\n\t$0\n"
    expected = "def f(x):\n\tif x:\n\t\treturn\n\tfor y in x:\n\t\tprint(y)\n"
    assert accepted("python .py", document, "for y in x:\n        print(y)") == expected
