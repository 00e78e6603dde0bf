"""Rules about where the text has to end: its line, its block, its brackets, its length.

Each rule returns how many characters of the text to keep; it keeps all that it does not object to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from sidelong.trim.around import CLOSERS, PUNCTUATION, Around
from sidelong.trim.brackets import CLOSER, COMMENT, REMARK, Open, scan
from sidelong.trim.lines import lines_of, width


def single_line(text: str, around: Around) -> int:
    """One line where code follows on the cursor's line, or what follows would end up misplaced."""
    end = text.find("\n")
    if end < 0 or not around.line_after.strip():
        return len(text)
    if around.code_follows:
        return end
    balance = balanced(text, around)
    rest = around.line_after[balance.cover :].strip()
    if not rest or rest[0] in CLOSERS:
        return len(text)
    lines = (text[balance.last :].partition("\n")[0], text.rpartition("\n")[2])
    return len(text) if any(line.rstrip().endswith(rest) for line in lines) else end


def dedent(text: str, around: Around) -> int:
    """A line that is indented less than the cursor's block; brackets may still be closed there."""
    if around.syntax.prose:
        return len(text)
    block, closed = _block(text, around), False
    for line in around.lines(text):
        if line.start == 0 or (around.syntax.directives and line.said[0] == "#"):
            continue
        if line.width < block and line.closes and not line.opens:
            closed = True
        elif closed or line.width < block:
            return line.start
    return len(text)


def _block(text: str, around: Around) -> int:
    """The least indentation of what belongs to the cursor's block."""
    first = around.line_before + text.partition("\n")[0]
    block = width(first if first.strip() else around.line_before)
    return block + (around.in_brackets and balanced(text, around).cover == 0)


def too_many_lines(text: str, max_lines: int) -> int:
    """More than `max_lines` lines; blank ones do not count."""
    last = next(islice(lines_of(text), max(max_lines, 1) - 1, None), None)
    end = text.find("\n", last.start) if last else -1
    return len(text) if end < 0 else end


def unbalanced(text: str, around: Around) -> int:
    """A closing bracket that nobody opened, or that is closed after the cursor already."""
    return len(text) if around.syntax.prose else balanced(text, around).keep


@dataclass(frozen=True)
class Balance:
    """How the closing brackets of a text fit those around the cursor."""

    keep: int
    """Characters before the first bracket that is one too many."""
    cover: int
    """Characters after the cursor that the text brings itself."""
    last: int
    """Where in the text the last of the covered ones ends."""


def balanced(text: str, around: Around) -> Balance:
    """Match the brackets of `text` with those open at the cursor.

    A bracket that is closed right after the cursor is covered: the text may close it instead.
    One that is closed further on must not be closed, unless the same line opens another in its
    place (`} else {`).
    """
    if around.inside in (REMARK, COMMENT):
        return Balance(len(text), 0, 0)
    found = scan(text, around.syntax, inside=around.inside)
    signs = found.brackets if found.left is None else [(found.left, around.inside), *found.brackets]
    stack, fits = list(around.open), Balance(len(text), 0, 0)
    owed: tuple[int, Open] | None = None
    for at, sign in signs:
        if sign in CLOSER:
            opened = Open(CLOSER[sign], 0, on_line=False)
            if owed and owed[1].closer == opened.closer and "\n" not in text[owed[0] : at]:
                opened, owed = owed[1], None
            stack.append(opened)
            continue
        if owed:
            break
        i = next((i for i in range(len(stack) - 1, -1, -1) if stack[i].closer == sign), None)
        if i is None:
            if around.syntax.known and not around.cut_off:
                return replace(fits, keep=at)
            continue
        closed = stack[i]
        del stack[i:]
        if closed.closed_at is None:
            continue
        if _is_next(closed.closed_at, fits.cover, around):
            fits = Balance(len(text), closed.closed_at + len(sign), at + len(sign))
        else:
            owed = (at, closed)
    return replace(fits, keep=owed[0]) if owed else fits


def _is_next(closed_at: int, cover: int, around: Around) -> bool:
    """Whether only white space lies between what is covered and the bracket at `closed_at`."""
    return closed_at < len(around.line_after) and not around.line_after[cover:closed_at].strip()


def covered(text: str, around: Around) -> int:
    """How many characters after the cursor the text repeats and therefore replaces.

    The brackets that it closes itself, and the punctuation that follows them in both.
    """
    balance = balanced(text, around)
    rest = around.line_after[balance.cover :].rstrip()
    if not PUNCTUATION.issuperset(rest) or not rest.strip() or rest.lstrip()[0] in CLOSERS:
        return balance.cover
    lines = (text[balance.last :].partition("\n")[0], text.rpartition("\n")[2])
    ends = any(line.rstrip().endswith(rest.strip()) for line in lines)
    return balance.cover + len(rest) if ends else balance.cover
