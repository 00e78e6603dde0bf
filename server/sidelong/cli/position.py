"""A position in a file as people write it, FILE:LINE:COL, and its offset in the file's text.

Lines and columns count from 1, columns in code points; lines end as LSP says they do.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path

from sidelong.errors import SidelongError

_POSITION = re.compile(r"(?P<file>.+):(?P<line>\d+):(?P<column>\d+)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")


class PositionError(SidelongError):
    """The file has no such position."""


@dataclass(frozen=True)
class FilePosition:
    """A cursor that stands before the character at this line and column."""

    file: Path
    line: int
    column: int

    def offset(self, text: str) -> int:
        """The index into the file's text; raises `PositionError` if the text is too short."""
        starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
        if not 1 <= self.line <= len(starts):
            raise PositionError(
                f"{self.file} has no line {self.line}: it has {_count(len(starts), 'line')}. "
                f"Give a line from 1 to {len(starts)}."
            )
        start = starts[self.line - 1]
        end = _LINE_END.search(text, start)
        length = (end.start() if end else len(text)) - start
        if not 1 <= self.column <= length + 1:
            raise PositionError(
                f"{self.file}:{self.line} has no column {self.column}: the line has "
                f"{_count(length, 'character')}. Give a column from 1 to {length + 1}."
            )
        return start + self.column - 1


def parse_position(text: str) -> FilePosition:
    """Read FILE:LINE:COL from the right, so that FILE may hold colons, as in `C:\\x.py:3:4`."""
    match = _POSITION.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not of the form FILE:LINE:COL, such as app.py:12:5")
    return FilePosition(Path(match["file"]), int(match["line"]), int(match["column"]))


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
