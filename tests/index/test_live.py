"""A document is parsed as it is typed, and as it would be after an edit."""

import random
from pathlib import Path

import pytest

from sidelong_index import LiveTree, parses

SOURCE = Path(__file__).parents[2] / "index" / "sidelong_index" / "walk.py"


def spoiled(document: str, text: str, language: str = "python") -> bool:
    """True if `text` in place of `$0` spoils the document."""
    at = document.index("$0")
    return LiveTree(language).spoiled_by(document.replace("$0", ""), at, at, text)


def test_a_bracket_too_many_spoils_a_document() -> None:
    assert spoiled("y = valu$0\n", "e)")
    assert not spoiled("y = valu$0\n", "e")


def test_what_is_replaced_counts() -> None:
    tree = LiveTree("python")
    assert tree.spoiled_by("f(x)\n", 3, 3, ", y)")
    assert not tree.spoiled_by("f(x)\n", 3, 4, ", y)")


@pytest.mark.parametrize(
    ("document", "language"),
    [
        ("y = (valu$0\n", "python"),
        ("y = valu$0\n", "brainfuck"),
        ("y = '" + "x" * 2**20 + "'$0", "c"),
    ],
    ids=["it has an error already", "no grammar", "too large"],
)
def test_nothing_is_said_where_nothing_can_be(document: str, language: str) -> None:
    assert not spoiled(document, "e)", language)


def test_a_tree_that_follows_edits_says_what_a_new_one_says() -> None:
    rng, tree = random.Random(5), LiveTree("python")
    text = SOURCE.read_text(encoding="utf-8")
    for _ in range(60):
        at = rng.randrange(len(text))
        end = at + rng.choice((0, 0, 1, 30))
        new = rng.choice(("x", "\n", "(", ")", "é = 1\n", "    return\n", '"""'))
        expected = parses(text, "python") and not parses(text[:at] + new + text[end:], "python")
        assert tree.spoiled_by(text, at, end, new) == expected
        if rng.random() < 0.5 and not expected:
            text = text[:at] + new + text[end:]
