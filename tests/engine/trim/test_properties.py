"""Properties that trimming has whatever the text and the document."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.engine.documents import Documents
from sidelong.engine.request import Request
from sidelong.engine.trim import Trimmed, Trimmer

LANGUAGES = st.sampled_from(["python", "javascript", "rust", "c", "plaintext", "brainfuck"])
PIECES = st.sampled_from(
    ["\n", "\n    ", "\r\n", "\t", " ", "foo", "bar()", "x = 1", "return x", "if a:", "{", "}", "(",
     ")", "[", "]", "\"", "'", "\"\"\"", "`", ";", ",", ":", "# no", "// no", "/*", "*/", "漢"]
)  # fmt: skip
CODE = st.lists(PIECES, max_size=14).map("".join)
LIMIT = st.integers(1, 4)
often = settings(deadline=None, derandomize=True, max_examples=400)


def at(before: str, text: str, after: str, language: str, max_lines: int) -> Trimmed:
    return Trimmer.at(before, after, language, max_lines).trim(text)


def unix(text: str) -> str:
    return re.sub(r"\r\n|\r", "\n", text)


def flush(text: str) -> str:
    """Without what the document decides: line ends and indentation."""
    return re.sub(r"^[ \t]+", "", unix(text), flags=re.MULTILINE)


@often
@given(CODE, CODE, CODE, LANGUAGES, LIMIT)
def test_the_result_is_the_start_of_the_text(
    before: str, text: str, after: str, language: str, max_lines: int
) -> None:
    trimmed = at(before, text, after, language, max_lines)
    assert flush(text).startswith(flush(trimmed.text))
    assert trimmed.text == "" or not trimmed.text.isspace()
    assert len([line for line in unix(trimmed.text).split("\n") if line.strip()]) <= max_lines
    assert trimmed.reason or trimmed.text == text or flush(trimmed.text) == flush(text)


@often
@given(CODE, CODE, CODE, LANGUAGES, LIMIT)
def test_what_is_replaced_stays_on_the_line(
    before: str, text: str, after: str, language: str, max_lines: int
) -> None:
    trimmed = at(before, text, after, language, max_lines)
    replaced = after[: trimmed.replace_after]
    assert len(replaced) == trimmed.replace_after
    assert not set("\r\n") & set(replaced)
    assert trimmed.text != replaced or replaced == ""


@often
@given(CODE, CODE, CODE, LANGUAGES, LIMIT)
def test_trimming_again_changes_nothing(
    before: str, text: str, after: str, language: str, max_lines: int
) -> None:
    once = at(before, text, after, language, max_lines)
    again = at(before, once.text, after, language, max_lines)
    assert (again.text, again.replace_after) == (once.text, once.replace_after)


@often
@given(CODE, CODE, CODE)
def test_what_was_cut_to_what_parses_stays(before: str, text: str, after: str) -> None:
    request = Request("a.py", "python", before + after, len(before))
    spoils = Documents().of(request).spoils(request)
    trimmer = Trimmer.at(before, after, "python", 8, spoils=spoils)
    once = trimmer.trim(text)
    again = trimmer.trim(once.text)
    assert (again.text, again.replace_after) == (once.text, once.replace_after)


@often
@given(CODE, CODE, CODE, CODE, LANGUAGES, LIMIT)
def test_stopping_early_loses_nothing(
    before: str, text: str, more: str, after: str, language: str, max_lines: int
) -> None:
    trimmer = Trimmer.at(before, after, language, max_lines)
    if trimmer.should_stop(text):
        stopped, longer = trimmer.trim(text), trimmer.trim(text + more)
        assert longer.text.startswith(stopped.text) or stopped.text.startswith(longer.text)
        assert len(unix(longer.text)) <= len(unix(text))
