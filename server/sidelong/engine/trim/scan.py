"""Which brackets of a text are code, and what string or comment it ends inside of.

Reads without a parser, so it can be wrong; the rules that use it act only when both sides agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sidelong.engine.trim.syntax import COMMENTS, REMARK, Syntax


@dataclass(frozen=True)
class Scan:
    """The brackets of a text that are code, and what the text ends in."""

    brackets: list[tuple[int, str]]
    inside: str
    """The sign that closes the string or comment that the end is inside of; nothing in code."""
    left: int | None
    """Where the text closes the string or block comment that it started inside of."""
    opened: int
    """The offset behind the start of the string or comment that the end is inside of."""


def scan(
    text: str, syntax: Syntax, *, inside: str = "", start: int = 0, end: int | None = None
) -> Scan:
    """Find the brackets of `text[start:end]`, which starts `inside` of a string or a comment."""
    end = len(text) if end is None else end
    left, code = _leave(text, syntax, inside, start, end)
    brackets: list[tuple[int, str]] = []
    if code is None:
        return Scan(brackets, inside, None, start)
    match = syntax.tokens.search(text, code, end)
    while match is not None:
        ends, kind = match.end(), match.lastgroup
        if kind == "bracket":
            brackets.append((match.start(), match.group()))
        elif kind == "remark" and ends == end:
            return Scan(brackets, REMARK, left, match.start() + 1)
        elif kind == "open_block":
            return Scan(brackets, syntax.closers[match.group()], left, ends)
        elif kind == "open_long":
            return Scan(brackets, match.group(), left, ends)
        elif kind == "heredoc":
            closer = "\n" + match["tag"]
            closed = _closing(text, closer, text.find("\n", ends, end), end)
            if closed is None and "\n" in text[ends:end]:
                return Scan(brackets, closer, left, ends)
            ends = ends if closed is None else closed[1]
        elif kind == "open_quote":
            line_end = text.find("\n", ends, end)
            if line_end < 0:
                return Scan(brackets, match.group(), left, ends)
            ends = line_end
        match = syntax.tokens.search(text, ends, end)
    return Scan(brackets, "", left, 0)


def closes(after: str, syntax: Syntax, inside: str) -> bool:
    """True if `after` closes what the cursor is `inside` of.

    A quote counts as closed if an odd number of them follows (on the line, unless it may span
    lines): an even number are strings of their own, and the one at the cursor is unfinished.
    """
    if inside in COMMENTS or (len(inside) > 1 and inside not in syntax.long_quotes):
        return True
    reach = after.partition("\n")[0] if is_short(inside, syntax) else after
    if inside == "'" and syntax.apostrophes:
        reach = _WITHIN_WORD.sub("", reach)
    return (reach.count(inside) - reach.count("\\" + inside)) % 2 == 1


def is_short(inside: str, syntax: Syntax) -> bool:
    """True if what the cursor is `inside` of ends with its line at the latest."""
    return inside == REMARK or (inside in syntax.quotes and inside not in syntax.long_quotes)


_WITHIN_WORD = re.compile(r"(?<=\w)'(?=\w)")


def _leave(
    text: str, syntax: Syntax, inside: str, start: int, end: int
) -> tuple[int | None, int | None]:
    """Where the string or comment at `start` is closed, and where code goes on."""
    if not inside:
        return None, start
    line_end = text.find("\n", start, end) if is_short(inside, syntax) else -1
    if inside == REMARK:
        return None, line_end + 1 if line_end >= 0 else None
    reach = end if line_end < 0 else line_end
    found = _closing(text, inside, start, reach, apostrophes=syntax.apostrophes)
    if found is not None:
        return found
    return None, line_end + 1 if line_end >= 0 else None


def _closing(
    text: str, closer: str, start: int, end: int, *, apostrophes: bool = False
) -> tuple[int, int] | None:
    """Where `closer` stands after `start`, which lies in what it closes."""
    if start < 0:
        return None
    if closer[0] == "\n":
        match = re.compile(rf"\n[ \t]*{closer[1:]}(?=\n|\Z)").search(text, start, end)
    elif closer in COMMENTS:
        match = re.compile(re.escape(closer)).search(text, start, end)
    else:
        pattern = r"(?<!\w)'|'(?!\w)" if closer == "'" and apostrophes else re.escape(closer)
        for match in re.compile(rf"\\.|{pattern}", re.DOTALL).finditer(text, start, end):
            if match.group()[0] != "\\":
                return match.span()
        return None
    return match.span() if match else None
