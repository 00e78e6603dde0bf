"""The document's own indentation, into which that of a suggestion is turned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from sidelong.engine.trim.lines import width

_BLANK = re.compile(r"[ \t]*")
_WIDTHS = (2, 3, 4, 8)
_LEVEL = 4


def unit_of(lines: Iterable[str]) -> str:
    """One level of indentation in these lines: a tab, some spaces, or "" if that is mixed
    or cannot be seen. A single space stands in comments, and says nothing."""
    blanks = [_blank(line) for line in lines if line.strip()]
    tabs = [blank for blank in blanks if blank[:1] == "\t"]
    spaces = [len(blank) for blank in blanks if blank[:2] == "  "]
    if tabs and not spaces:
        return "\t"
    return "" if tabs or not spaces else " " * _step(spaces)


def _step(widths: Sequence[int]) -> int:
    """The width of a level: the smallest step up from one line to the next, or from nothing."""
    steps = {b - a for a, b in pairwise(widths)} | set(widths)
    return next((step for step in _WIDTHS if step in steps), _LEVEL)


def turned(text: str, unit: str, *, first: bool) -> str:
    """`text` with the lines that begin with the other sign indented by `unit`.

    The text ends before a line that cannot be turned: it is indented by part of a level.
    The first line counts if it is the `first` of its line in the document, too.
    """
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if i or first:
            blank = _blank(line)
            own = _turned(blank, unit)
            if own is None and line[len(blank) :]:
                return "\n".join(lines[:i])
            lines[i] = (blank if own is None else own) + line[len(blank) :]
    return "\n".join(lines)


def _turned(blank: str, unit: str) -> str | None:
    if unit == "\t" and blank[:2] == "  ":
        levels, rest = divmod(width(blank), _LEVEL)
        return None if rest > 1 else "\t" * levels + " " * rest
    if unit[:1] == " " and "\t" in blank:
        return blank.replace("\t", unit)
    return blank


def _blank(line: str) -> str:
    """The white space that a line begins with."""
    match = _BLANK.match(line)
    return match.group() if match else ""
