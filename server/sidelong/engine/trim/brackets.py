"""Brackets and quotes: which are open at the cursor, and which of them the text after it closes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sidelong.engine.trim.lines import width
from sidelong.engine.trim.scan import Scan
from sidelong.engine.trim.syntax import COMMENTS

CLOSER = {"(": ")", "[": "]", "{": "}"}
OPENER = {closer: opener for opener, closer in CLOSER.items()}


@dataclass(frozen=True)
class Open:
    """A bracket or quote that is open at the cursor."""

    closer: str
    width: int
    """The indentation of the line on which it was opened."""
    at: int
    """Its offset in the text before the cursor."""
    closed_at: int | None = None
    """Where the text after the cursor closes it; None if it does not."""


def opened(open_: Iterable[Open], text: str, found: Scan) -> list[Open]:
    """The brackets open at the end of `text`, a scan of which goes on from where `open_` was."""
    stack = list(open_)
    for position, char in found.brackets:
        if char in CLOSER:
            stack.append(Open(CLOSER[char], _width_at(text, position), position))
        else:
            _pop(stack, char)
    return stack


def quote(text: str, inside: str, position: int) -> list[Open]:
    """The string that is open at the end of `text`, and was since before `position`, if any."""
    if not inside or inside in COMMENTS:
        return []
    return [Open(inside, _width_at(text, max(0, position - 1)), position)]


def unopened(found: Scan, inside: str) -> list[tuple[int, str]]:
    """The closing brackets and quotes of a text that close something from before it, in order."""
    closing = [] if found.left is None or inside in COMMENTS else [(found.left, inside)]
    stack: list[Open] = []
    for position, char in found.brackets:
        if char in CLOSER:
            stack.append(Open(CLOSER[char], 0, position))
        elif not _pop(stack, char):
            closing.append((position, char))
    return closing


def _pop(stack: list[Open], char: str) -> bool:
    """Close the innermost bracket that `char` closes, and all within it."""
    for i in range(len(stack) - 1, -1, -1):
        if stack[i].closer == char:
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
    """The number of innermost brackets that are still to be closed, by their number alone.

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
    """The number of times that `char` stands at the start of `chars`."""
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
