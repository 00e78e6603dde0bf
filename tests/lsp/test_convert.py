"""Positions: the meaning of a client's line and character, in all three encodings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from sidelong.lsp.convert import (
    Encoding,
    clamp,
    column_from_units,
    range_on_line,
    split_lines,
    units_from_column,
    without_lone_surrogates,
)

ENCODINGS = [Encoding.Utf8, Encoding.Utf16, Encoding.Utf32]

TEXTS = st.text(alphabet="ab\t\u00e9\u4e2d\U0001f600\u0301\u2028\f", max_size=12)


@pytest.mark.parametrize(
    ("encoding", "units"),
    [(Encoding.Utf8, 13), (Encoding.Utf16, 9), (Encoding.Utf32, 8)],
)
def test_emoji_cjk_and_tabs_take_each_encodings_units(encoding: Encoding, units: int) -> None:
    line = "\tx = '中😀|'\n"
    column = line.index("|")
    assert units_from_column(line, column, encoding) == units
    assert column_from_units(line, units, encoding) == column


@pytest.mark.parametrize(("encoding", "inside"), [(Encoding.Utf8, 2), (Encoding.Utf16, 2)])
def test_inside_a_character_is_before_it(encoding: Encoding, inside: int) -> None:
    assert column_from_units("a😀b", inside, encoding) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
def test_past_the_end_of_a_line_is_before_its_line_end(encoding: Encoding, end: str) -> None:
    assert column_from_units(f"a中{end}", 99, encoding) == 2


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_past_the_last_line_is_the_end_of_the_text(encoding: Encoding) -> None:
    assert clamp(["a\n", "bc"], types.Position(7, 0), encoding) == (1, 2)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("a\r\nb\rc\n\nd", ["a\r\n", "b\r", "c\n", "\n", "d"]),
        ("a\fb\u2028c\x85d\x1ce\n", ["a\fb\u2028c\x85d\x1ce\n", ""]),
    ],
)
def test_only_the_three_line_ends_of_lsp_end_a_line(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


def test_a_range_is_told_in_the_clients_units() -> None:
    span = range_on_line("a😀b😀\n", number=3, start=1, end=4, encoding=Encoding.Utf16)
    assert span == types.Range(types.Position(3, 1), types.Position(3, 6))


def test_half_a_surrogate_pair_keeps_its_width() -> None:
    assert without_lone_surrogates("a\ud83db中\ude00😀") == "a\ufffdb中\ufffd😀"


@settings(deadline=None, max_examples=200, derandomize=True)
@given(TEXTS, st.sampled_from(ENCODINGS), st.data())
def test_columns_survive_the_way_to_the_client_and_back(
    line: str, encoding: Encoding, data: st.DataObject
) -> None:
    column = data.draw(st.integers(0, len(line)))
    assert column_from_units(line, units_from_column(line, column, encoding), encoding) == column


@settings(deadline=None, max_examples=200, derandomize=True)
@given(TEXTS, st.sampled_from(ENCODINGS), st.integers(0, 60))
def test_any_units_are_a_column_of_the_line(line: str, encoding: Encoding, units: int) -> None:
    column = column_from_units(line, units, encoding)
    assert 0 <= column <= len(line)
    assert units_from_column(line, column, encoding) <= units
