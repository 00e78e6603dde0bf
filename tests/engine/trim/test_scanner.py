"""The state at a cursor is exact, at a cost that does not grow with the document."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.engine.trim import Scanner, Trimmer, scanner
from sidelong.engine.trim.syntax import syntax_of

DOCSTRING = '"""\nIt doesn\'t close (anything.\n"""\n'
PIECES = st.sampled_from(
    ["\n", "x = 1\n", "f(", ")", "[", "]", '"""', "\'\'\'", "'", '"', "# no (\n", "\\\\", "`",
     "/*", "*/", "// (\n", "}", "<<EOF\n", "EOF\n"]
)  # fmt: skip
TEXT = st.lists(PIECES, max_size=40).map("".join)
LANGUAGES = st.sampled_from(["python", "javascript", "rust", "c", "shellscript", "markdown"])


def completed(above: str, line: str, text: str) -> str:
    """The cursor's line, far down in a document, with the text accepted."""
    before, after = line.split("$0")
    trimmed = Trimmer.at(above + before, after + "\n", "python", 8).trim(text)
    return before + trimmed.text + after[trimmed.replace_after :]


def test_a_quote_is_covered_below_a_long_docstring() -> None:
    above = '"""\n' + "It doesn't matter.\n" * 2000 + '"""\n'
    assert completed(above, 'show("ab$0")', 'cd")') == 'show("abcd")'


def test_a_bracket_that_nobody_opened_is_cut_in_a_long_document() -> None:
    assert completed(DOCSTRING * 2000, "y = valu$0", "e)") == "y = value"


def test_a_bracket_that_was_opened_far_above_may_be_closed() -> None:
    above = "x = [\n" + "    1,\n" * 5000
    assert completed(above, "    $0", "2,\n]") == "    2,\n]"


@pytest.mark.parametrize("n_lines", [2_000, 60_000])
def test_a_keystroke_scans_a_piece_at_most(n_lines: int) -> None:
    reader, syntax = Scanner(), syntax_of("python")
    text = DOCSTRING * (n_lines // 3)
    reader.at_end(text, syntax)
    first = reader.scanned
    for typed in ("v", "va", "val", "valu"):
        reader.at_end(text + typed, syntax)
    assert reader.scanned - first <= 4 * (scanner.PIECE + 100)
    assert first <= 2 * scanner.REACH + 100


def test_asking_after_every_token_scans_nothing_again() -> None:
    reader = Scanner()
    trimmer = Trimmer.at(DOCSTRING * 100 + "y = f(", ")\n", "python", 8, scanner=reader)
    first = reader.scanned
    assert not any(trimmer.should_stop("value, other"[:n]) for n in range(12))
    assert trimmer.trim("value, other)").text == "value, other)"
    assert reader.scanned == first


def test_an_edit_above_scans_what_is_below_it() -> None:
    reader, syntax = Scanner(), syntax_of("python")
    text = DOCSTRING * 2000
    reader.at_end(text, syntax)
    first = reader.scanned
    at = len(text) - 10 * scanner.PIECE
    reader.at_end(text[:at] + "\n" + text[at:], syntax)
    assert reader.scanned - first <= 12 * scanner.PIECE


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(TEXT, min_size=1, max_size=4), LANGUAGES)
def test_reading_on_finds_what_reading_all_finds(edits: list[str], language: str) -> None:
    syntax, kept = syntax_of(language), Scanner(piece=8)
    for text in edits:
        assert kept.at_end(text, syntax) == Scanner().at_end(text, syntax)
