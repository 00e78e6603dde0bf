"""LSP positions to offsets and back; the only module that knows position encodings.

A position is a line and a number of code units in the client's encoding; an offset counts code
points.
Positions are clamped: one past the line's end means its end, one past the last line means the end
of the text, and one inside a character means before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from lsprotocol import types

Encoding: TypeAlias = types.PositionEncodingKind

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_CODEC: Final = {Encoding.Utf8: ("utf-8", 1), Encoding.Utf16: ("utf-16-le", 2)}
"""Python's codec, and the size of its code unit in bytes."""


def split_lines(text: str) -> list[str]:
    """The lines with their ends; the last line has no end and may be empty.

    There is always at least one line.

    Only LSP's three line ends count: `str.splitlines` would also split at form feeds and at
    U+2028, and every position after one would be off.
    """
    if "\r" not in text:
        lines = text.split("\n")
        return [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    lines = []
    start = 0
    for end in _LINE_END.finditer(text):
        lines.append(text[start : end.end()])
        start = end.end()
    lines.append(text[start:])
    return lines


def line_content(line: str) -> str:
    """The line without its end."""
    return line.rstrip("\r\n")


def column_from_units(line: str, units: int, encoding: Encoding) -> int:
    """The number of code points in the first `units` code units of the line."""
    content = line_content(line)
    if encoding is Encoding.Utf32 or content.isascii():
        return min(units, len(content))
    codec, size = _CODEC[encoding]
    return len(content.encode(codec)[: units * size].decode(codec, "ignore"))


def units_from_column(line: str, column: int, encoding: Encoding) -> int:
    """The number of code units in the first `column` code points of the line."""
    head = line[:column]
    if encoding is Encoding.Utf32 or head.isascii():
        return len(head)
    codec, size = _CODEC[encoding]
    return len(head.encode(codec)) // size


def clamp(lines: Sequence[str], position: types.Position, encoding: Encoding) -> tuple[int, int]:
    """The position's line, and its column in code points, clamped to these lines."""
    if position.line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    return position.line, column_from_units(lines[position.line], position.character, encoding)


def range_on_line(
    line: str, *, number: int, start: int, end: int, encoding: Encoding
) -> types.Range:
    """The range from column `start` to `end` of line `number`, in the client's code units."""
    return types.Range(
        start=types.Position(number, units_from_column(line, start, encoding)),
        end=types.Position(number, units_from_column(line, end, encoding)),
    )


def without_lone_surrogates(text: str) -> str:
    """The text with half characters replaced by U+FFFD, which takes as many units as they do.

    JSON can carry half a surrogate pair; UTF-8, which the model and the index want, cannot.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
