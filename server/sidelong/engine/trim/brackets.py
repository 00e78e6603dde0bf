"""Brackets and quotes: which are open at the cursor, and which of them the text after it closes.

Reads a few kilobytes around the cursor without a parser, so it can be wrong; the rules that use it
act only when both sides agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sidelong.engine.trim.lines import width
from sidelong.engine.trim.syntax import Syntax

CLOSER = {"(": ")", "[": "]", "{": "}"}
OPENER = {closer: opener for opener, closer in CLOSER.items()}
REMARK, COMMENT = "remark", "comment"


@dataclass(frozen=True)
class Scan:
    """The brackets of a text that are code, and what the text ends in."""

    brackets: list[tuple[int, str]]
    inside: str
    """What the end is inside of: a quote, `REMARK`, `COMMENT`, or nothing."""
    left: int | None
    """Where the text leaves what it started inside of: the offset of the closing quote."""
    opened: int
    """The offset of the quote or comment that the end is inside of."""


def scan(text: str, syntax: Syntax, *, inside: str = "") -> Scan:
    """Find the brackets of `text`, which starts `inside` of a quote or comment or in code."""
    left, start = _leave(text, syntax, inside)
    brackets: list[tuple[int, str]] = []
    if start is None:
        return Scan(brackets, inside, None, 0)
    match = syntax.tokens.search(text, start)
    while match is not None:
        end, kind = match.end(), match.lastgroup
        if kind == "bracket":
            brackets.append((match.start(), match.group()))
        elif kind == "remark" and end == len(text):
            return Scan(brackets, REMARK, left, match.start())
        elif kind == "open_comment":
            return Scan(brackets, COMMENT, left, match.start())
        elif kind == "open_long":
            return Scan(brackets, match.group(), left, match.start())
        elif kind == "open_quote":
            end = text.find("\n", end)
            if end < 0:
                return Scan(brackets, match.group(), left, match.start())
        match = syntax.tokens.search(text, end)
    return Scan(brackets, "", left, 0)


def closes(after: str, syntax: Syntax, inside: str) -> bool:
    """Whether `after` closes what the cursor is `inside` of.

    A quote counts as closed if an odd number of them follows (on the line, unless it may span
    lines): an even number are strings of their own, and the one at the cursor is unfinished.
    """
    if inside in (REMARK, COMMENT, ""):
        return True
    reach = after if inside in syntax.long_quotes else after.partition("\n")[0]
    return (reach.count(inside) - reach.count("\\" + inside)) % 2 == 1


def _leave(text: str, syntax: Syntax, inside: str) -> tuple[int | None, int | None]:
    """Where the string or comment that `text` starts in is closed, and where code goes on."""
    if not inside:
        return None, 0
    closing = {REMARK: "\n", COMMENT: "*/"}.get(inside, inside)
    is_line = inside == REMARK or (inside in syntax.quotes and inside not in syntax.long_quotes)
    i = 0
    while i < len(text):
        if text.startswith(closing, i):
            return (None if inside == REMARK else i), i + len(closing)
        if text[i] == "\n" and is_line:
            return None, i + 1
        i += 2 if text[i] == "\\" and inside not in (REMARK, COMMENT) else 1
    return None, None


@dataclass(frozen=True)
class Open:
    """A bracket or quote that is open at the cursor."""

    closer: str
    width: int
    """The indentation of the line on which it was opened."""
    on_line: bool
    """Whether that is the cursor's line."""
    closed_at: int | None = None
    """Where the text after the cursor closes it; None if it does not."""


def open_at_end(before: str, found: Scan) -> list[Open]:
    """What `before` leaves open, innermost last."""
    stack: list[tuple[int, str]] = []
    for position, char in found.brackets:
        if char in CLOSER:
            stack.append((position, CLOSER[char]))
        else:
            _pop(stack, char)
    if found.inside and found.inside not in (REMARK, COMMENT):
        stack.append((found.opened, found.inside))
    line_start = before.rfind("\n") + 1
    return [
        Open(closer, _width_at(before, position), position >= line_start)
        for position, closer in stack
    ]


def unopened(found: Scan, inside: str) -> list[tuple[int, str]]:
    """The closing brackets and quotes of a text that close something from before it, in order."""
    closing = [] if found.left is None or inside == COMMENT else [(found.left, inside)]
    stack: list[tuple[int, str]] = []
    for position, char in found.brackets:
        if char in CLOSER:
            stack.append((position, CLOSER[char]))
        elif not _pop(stack, char):
            closing.append((position, char))
    return closing


def _pop(stack: list[tuple[int, str]], char: str) -> bool:
    """Close the innermost bracket that `char` closes, and all within it."""
    for i in range(len(stack) - 1, -1, -1):
        if stack[i][1] == char:
            del stack[i:]
            return True
    return False


def closed_by(open_: list[Open], after: str, closing: list[tuple[int, str]]) -> list[Open]:
    """Note for each open bracket where `after` closes it.

    Matches from the inside out. A closing bracket that starts its line does not close one that was
    opened on a line indented further: that one is still to be closed.
    """
    result = list(open_)
    i = len(result) - 1 - _missing(open_, after, closing)
    for position, char in closing:
        limit = _leads(after, position)
        j = i
        while j >= 0 and not _fits(result[j], char, limit):
            j -= 1
        if j >= 0:
            result[j] = replace(result[j], closed_at=position)
            i = j - 1
    return result


def _missing(open_: list[Open], after: str, closing: list[tuple[int, str]]) -> int:
    """How many of the innermost brackets are still to be closed, by their number alone.

    `f(g(|, x)` lacks one, and it is most likely the one just opened. Braces are not counted, since
    theirs may lie further on than we look; nor is what indentation can tell.
    """
    if not open_ or not closing or open_[-1].closer not in ")]":
        return 0
    if _leads(after, closing[0][0]) is not None:
        return 0
    n_open = _run([bracket.closer for bracket in reversed(open_)], open_[-1].closer)
    n_closing = _run([char for _, char in closing], open_[-1].closer)
    return max(0, n_open - n_closing) if n_closing else 0


def _run(chars: list[str], char: str) -> int:
    """How often `char` stands at the start of `chars`."""
    return next((i for i, other in enumerate(chars) if other != char), len(chars))


def _leads(after: str, position: int) -> int | None:
    """The indentation of the bracket at `position` if it is the first on its line."""
    line = after.rfind("\n", 0, position) + 1
    return width(after[line:position]) if line and not after[line:position].strip() else None


def _fits(open_: Open, char: str, limit: int | None) -> bool:
    return open_.closer == char and (limit is None or open_.width <= limit)


def _width_at(text: str, position: int) -> int:
    line = text.rfind("\n", 0, position) + 1
    return width(text[line:position])
