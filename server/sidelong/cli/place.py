"""A place in a file as people write it, FILE:LINE:COL, and the offset it means.

Lines and columns count from 1, columns in code points; lines end as LSP says they do.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path

from sidelong.errors import SidelongError

_PLACE = re.compile(r"(?P<file>.+):(?P<line>\d+):(?P<column>\d+)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")


class PlaceError(SidelongError):
    """The file cannot be read as text, or has no such place."""


@dataclass(frozen=True)
class Place:
    """A cursor stands before the character at this line and column."""

    file: Path
    line: int
    column: int

    def offset(self, text: str) -> int:
        """The place as an index into the file's text; raises `PlaceError` if it has no such."""
        starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
        if not 1 <= self.line <= len(starts):
            raise PlaceError(
                f"{self.file} has no line {self.line}: it has {_count(len(starts), 'line')}. "
                f"Give a line from 1 to {len(starts)}."
            )
        start = starts[self.line - 1]
        end = _LINE_END.search(text, start)
        length = (end.start() if end else len(text)) - start
        if not 1 <= self.column <= length + 1:
            raise PlaceError(
                f"{self.file}:{self.line} has no column {self.column}: the line has "
                f"{_count(length, 'character')}. Give a column from 1 to {length + 1}."
            )
        return start + self.column - 1


def parse_place(text: str) -> Place:
    """Read FILE:LINE:COL from the right, so that FILE may hold colons, as in `C:\\x.py:3:4`."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not of the form FILE:LINE:COL, such as app.py:12:5")
    return Place(Path(found["file"]), int(found["line"]), int(found["column"]))


def read_text(file: Path) -> str:
    """The file's text with the line ends it has; raises `PlaceError`."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlaceError(
            f"{file} is not UTF-8 text (byte {error.start}). Convert it, or choose another file."
        ) from None
    except OSError as error:
        raise PlaceError(
            f"{file} cannot be read: {error.strerror}. Give the path of a text file."
        ) from None


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
