"""FILE:LINE:COL, read from the right, and the offset it means."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.cli.position import FilePosition, PositionError, parse_position
from sidelong.files import TextError, read_text


def after_cursor(text: str, line: int, column: int) -> str:
    return text[FilePosition(Path("f.py"), line, column).offset(text) :]


@pytest.mark.parametrize(
    ("argument", "file", "line", "column"),
    [
        ("app.py:12:5", "app.py", 12, 5),
        (r"C:\x.py:3:4", r"C:\x.py", 3, 4),
        ("C:/src/x.py:3:4", "C:/src/x.py", 3, 4),
        ("odd:name:1:2:3", "odd:name:1", 2, 3),
        ("with space/é.py:1:1", "with space/é.py", 1, 1),
    ],
)
def test_the_last_two_numbers_are_line_and_column(
    argument: str, file: str, line: int, column: int
) -> None:
    assert parse_position(argument) == FilePosition(Path(file), line, column)


@pytest.mark.parametrize("argument", ["app.py", "app.py:3", r"C:\x.py", ":1:2", "app.py:x:1", ""])
def test_anything_else_is_refused(argument: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not of the form FILE:LINE:COL"):
        parse_position(argument)


def test_line_and_column_count_from_one() -> None:
    assert after_cursor("ab\ncd", 1, 1) == "ab\ncd"
    assert after_cursor("ab\ncd", 2, 2) == "d"


def test_the_cursor_may_stand_at_the_end_of_a_line_and_of_the_file() -> None:
    assert after_cursor("ab\ncd", 1, 3) == "\ncd"
    assert after_cursor("ab\n", 2, 1) == ""


def test_columns_count_characters_not_bytes_or_utf16_units() -> None:
    assert after_cursor("é😀中x", 1, 4) == "x"


def test_crlf_and_cr_end_lines_and_form_feeds_do_not() -> None:
    assert after_cursor("a\r\nb\rc\x0cd", 2, 1) == "b\rc\x0cd"
    assert after_cursor("a\r\nb\rc\x0cd", 3, 2) == "\x0cd"
    assert after_cursor("a\r\nb", 1, 2) == "\r\nb"


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (3, 1, "f.py has no line 3: it has 2 lines. Give a line from 1 to 2."),
        (0, 1, "f.py has no line 0: it has 2 lines. Give a line from 1 to 2."),
        (1, 4, "f.py:1 has no column 4: the line has 2 characters. Give a column from 1 to 3."),
        (2, 0, "f.py:2 has no column 0: the line has 1 character. Give a column from 1 to 2."),
    ],
)
def test_a_position_outside_says_how_long_the_file_is(line: int, column: int, message: str) -> None:
    with pytest.raises(PositionError) as refused:
        after_cursor("ab\nc", line, column)
    assert str(refused.value) == message


@given(st.text(alphabet="ab é😀\r\n\x0c", max_size=30), st.data())
@settings(deadline=None, max_examples=100, derandomize=True)
def test_every_offset_not_inside_a_crlf_has_one_position(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        return
    above = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    line = above.count("\n") + 1
    column = len(above) - above.rfind("\n")
    assert FilePosition(Path("f.py"), line, column).offset(text) == offset


def test_line_ends_are_read_as_they_stand_and_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_bytes(b"\xef\xbb\xbfa\r\nb")
    assert read_text(file) == "a\r\nb"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "f.bin"
    file.write_bytes(b"ab\xff")
    with pytest.raises(TextError, match=r"is not UTF-8 text \(byte 2\)"):
        read_text(file)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"cannot be read: .*\. Give the path of a text file"):
        read_text(tmp_path)
