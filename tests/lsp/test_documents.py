"""Open documents: the text after any edits is what the client has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from sidelong.lsp.convert import Encoding, clamp, split_lines
from sidelong.lsp.documents import Document, Documents

ENCODINGS = [Encoding.Utf8, Encoding.Utf16, Encoding.Utf32]


def document(text: str) -> Document:
    return Document(uri="file:///a.py", language="python", text=text)


def edit(
    start: tuple[int, int], end: tuple[int, int], text: str
) -> types.TextDocumentContentChangePartial:
    span = types.Range(types.Position(*start), types.Position(*end))
    return types.TextDocumentContentChangePartial(range=span, text=text)


def edited(text: str, *changes: types.TextDocumentContentChangeEvent) -> str:
    doc = document(text)
    doc.change(changes, Encoding.Utf16)
    assert doc.lines == split_lines(doc.text)
    return doc.text


def test_an_insertion_lands_after_the_emoji() -> None:
    assert edited("a = '😀'\nb\n", edit((0, 7), (0, 7), "!")) == "a = '😀!'\nb\n"


def test_a_deletion_may_span_lines() -> None:
    assert edited("one\ntwo\nthree\n", edit((0, 2), (2, 3), "")) == "onee\n"


def test_changes_refer_to_the_text_that_the_one_before_left() -> None:
    assert edited("ab", edit((0, 2), (0, 2), "\nc"), edit((1, 1), (1, 1), "d")) == "ab\ncd"


def test_a_change_without_a_range_is_the_whole_text() -> None:
    whole = types.TextDocumentContentChangeWholeDocument(text="new\r\n")
    assert edited("old", whole) == "new\r\n"


def test_form_feeds_end_no_line() -> None:
    assert edited("a\fb\nc\n", edit((1, 0), (1, 1), "d")) == "a\fb\nd\n"


def test_a_carriage_return_joins_a_line_feed_that_comes_to_follow_it() -> None:
    assert edited("a\rb\n", edit((1, 0), (1, 1), "")) == "a\r\n"
    assert edited("a\r", edit((1, 0), (1, 0), "\nb")) == "a\r\nb"


def test_positions_past_the_end_are_the_end() -> None:
    assert edited("a\nb", edit((0, 99), (0, 99), "!"), edit((99, 0), (99, 9), "?")) == "a!\nb?"


def test_a_range_that_ends_before_it_starts_is_empty() -> None:
    assert edited("abc", edit((0, 2), (0, 1), "-")) == "ab-c"


def test_every_change_is_a_new_revision() -> None:
    doc = document("a")
    doc.change([edit((0, 0), (0, 1), "a")], Encoding.Utf8)
    assert doc.revision == 1


def test_a_cursor_counts_code_points() -> None:
    cursor = document("😀\r\n😀x").cursor(types.Position(1, 2), Encoding.Utf16)
    assert (cursor.line, cursor.column, cursor.offset) == (1, 1, 4)


def test_a_document_is_found_however_its_uri_is_escaped() -> None:
    documents = Documents()
    documents.open(types.TextDocumentItem("file:///c%3A/a%20b.py", "python", 1, "x"))
    assert documents.get("file:///c:/a b.py") is not None
    assert documents.close("file:///c%3a/a%20b.py") is not None
    assert documents.get("file:///c:/a b.py") is None


CHARACTERS = st.text(alphabet="ab\r\n\t\u4e2d\U0001f600\f\u2028", max_size=8)
POSITIONS = st.tuples(st.integers(0, 6), st.integers(0, 9))


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=100, derandomize=True)
@given(CHARACTERS, st.lists(st.tuples(POSITIONS, POSITIONS, CHARACTERS), max_size=5))
def test_edits_by_line_are_edits_of_the_text(
    encoding: Encoding,
    text: str,
    edits: list[tuple[tuple[int, int], tuple[int, int], str]],
) -> None:
    doc = document(text)
    for start, end, inserted in edits:
        lines = split_lines(text)
        first, last = (
            sum(map(len, lines[:line])) + column
            for line, column in (
                clamp(lines, types.Position(*start), encoding),
                clamp(lines, types.Position(*end), encoding),
            )
        )
        text = text[:first] + inserted + text[max(first, last) :]
        doc.change([edit(start, end, inserted)], encoding)
        assert doc.text == text
        assert doc.lines == split_lines(text)


def test_a_document_that_lost_a_change_waits_for_its_whole_text() -> None:
    doc = document("a\n")
    doc.lose_step()
    doc.change([edit((0, 0), (0, 1), "b")], Encoding.Utf16)
    assert (doc.text, doc.in_step, doc.revision) == ("a\n", False, 2)
    whole = types.TextDocumentContentChangeWholeDocument("c\n")
    doc.change([edit((0, 0), (0, 1), "b"), whole, edit((0, 1), (0, 1), "d")], Encoding.Utf16)
    assert (doc.text, doc.in_step) == ("cd\n", True)


def test_documents_are_named_by_their_uri_or_their_notebooks() -> None:
    documents = Documents()
    for uri in ("file:///a%20b.py", "file:///c.py"):
        documents.open(types.TextDocumentItem(uri, "python", 1, ""))
    cell = documents.open(types.TextDocumentItem("cell:1", "python", 1, ""), notebook="file:///n")
    assert [doc.uri for doc in documents.named({"file:///a b.py"})] == ["file:///a%20b.py"]
    assert documents.named({"file:///n", "file:///gone.py"}) == [cell]
