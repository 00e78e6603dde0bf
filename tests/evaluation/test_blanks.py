"""Blanks drawn from source text: what each kind holds, and what none may hold."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.evaluation.blanks import ALL, Kind, sample_blanks

PYTHON = '''import os


def total(prices, *, tax=0.2):
    """Add up.

    All of them.
    """
    result = 0
    for price in prices:
        result += price * (1 + tax)
    return result


# a remark
class Shop:
    def __init__(self, name):
        self.name = name
'''

JAVA = """class Shop {
    int total(List<Integer> prices)
    {
        int sum = 0;
        return sum;
    }
}
"""


def blanked(text: str, kind: Kind, n: int = 60) -> set[str]:
    """The texts in the blanks of one kind."""
    blanks = sample_blanks(text, rng=random.Random(0), n=n, kinds=[kind])
    return {text[blank.start : blank.end] for blank in blanks}


def test_a_line_starts_after_its_indentation() -> None:
    lines = blanked(PYTHON, "line")
    assert {"result = 0", "return result", "import os"} <= lines
    assert all("\n" not in line and line == line.strip() for line in lines)


def test_the_rest_of_a_line_starts_inside_of_it_often_in_a_word() -> None:
    rests = blanked(PYTHON, "rest", n=400)
    assert "price * (1 + tax)" in rests
    assert "rn result" in rests
    assert all("\n" not in rest for rest in rests)


def test_several_lines_are_at_least_two() -> None:
    assert all("\n" in lines for lines in blanked(PYTHON, "lines"))


def test_an_expression_is_what_brackets_hold_or_what_follows_an_equals_sign() -> None:
    expressions = blanked(PYTHON, "expression")
    assert {"1 + tax", "prices, *, tax=0.2", "0.2", "result", "self, name", "prices"} <= expressions


def test_arguments_begin_at_any_of_a_calls_arguments() -> None:
    assert blanked("plot(xs, max(1, 2), y=3)\n", "arguments") == {
        "xs, max(1, 2), y=3", " max(1, 2), y=3", " y=3", "1, 2", " 2"
    }  # fmt: skip


def test_imports_begin_after_the_keyword_or_at_one_of_their_words() -> None:
    assert blanked(PYTHON, "import") == {"os"}
    named = blanked("import { tick, Tock } from './clock';\nx = 1\n", "import")
    assert {"{ tick, Tock } from './clock';", "Tock } from './clock';", "clock';"} <= named
    assert blanked("const fs = require('fs');\n", "import") == {"'fs');", "fs');"}


def test_a_block_is_everything_indented_below_a_line() -> None:
    blocks = blanked(PYTHON, "block")
    assert "result += price * (1 + tax)" in blocks
    assert "def __init__(self, name):\n        self.name = name" in blocks


def test_a_function_body_starts_after_its_docstring() -> None:
    bodies = blanked(PYTHON, "body")
    total = "result = 0\n    for price in prices:\n        result += price * (1 + tax)\n"
    assert bodies == {total + "    return result", "self.name = name"}


def test_a_function_body_may_follow_a_brace_on_its_own_line() -> None:
    assert blanked(JAVA, "body") == {"int sum = 0;\n        return sum;"}


def test_comments_and_docstrings_are_drawn_rarely() -> None:
    text = "# words here\nx = 1\n" * 50
    blanks = sample_blanks(text, rng=random.Random(0), n=40, kinds=["line"])
    assert sum(text.startswith("#", blank.start) for blank in blanks) < 10


def test_the_same_seed_draws_the_same_blanks() -> None:
    first, second = (sample_blanks(PYTHON, rng=random.Random(7), n=20) for _ in range(2))
    assert first == second
    assert first != sample_blanks(PYTHON, rng=random.Random(8), n=20)


@pytest.mark.parametrize("text", ["", "\n", "   \n\t\n", "\r\n\r\n"])
def test_nothing_is_drawn_from_white_space(text: str) -> None:
    assert sample_blanks(text, rng=random.Random(0), n=5) == []


SOURCE = st.text(alphabet="ab =(){}[]:;,\"'#/*\n\r\t é漢😀", max_size=120)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(SOURCE, st.integers(0, 5))
def test_every_blank_lies_in_the_text_and_says_something(text: str, seed: int) -> None:
    blanks = sample_blanks(text, rng=random.Random(seed), n=20, kinds=ALL)
    assert len({(blank.start, blank.end) for blank in blanks}) == len(blanks)
    for blank in blanks:
        assert 0 <= blank.start < blank.end <= len(text)
        assert text[blank.start : blank.end].strip()
        for edge in (blank.start, blank.end):
            assert text[max(0, edge - 1) : edge + 1] != "\r\n"
