"""Rules about where the text has to end: its line, its block, its brackets, its length.

Each rule returns how many characters of the text to keep; it keeps all that it does not object to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from sidelong.engine.trim.around import CLOSERS, PUNCTUATION, Around
from sidelong.engine.trim.brackets import CLOSER, OPENER, Open
from sidelong.engine.trim.lines import lines_of, width
from sidelong.engine.trim.scan import scan


def single_line(text: str, around: Around) -> int:
    """One line where code follows on the cursor's line."""
    end = text.find("\n")
    return end if end >= 0 and around.code_follows else len(text)


def misplaced(text: str, around: Around) -> int:
    """One line where punctuation after the cursor would end up behind several lines."""
    end = text.find("\n")
    if end < 0:
        return len(text)
    balance = balanced(text, around)
    rest = around.line_after[balance.cover :].strip()
    if not rest or rest[0] in CLOSERS or any(_ends(text, balance, rest)):
        return len(text)
    return end


def dedent(text: str, around: Around) -> int:
    """A line that is indented less than the cursor's block; brackets may still be closed there.

    Within the brackets of an expression everything is indented further than their start, and when
    they are closed, the block is that of their start.
    """
    if around.syntax.prose:
        return len(text)
    first = around.line_before + text.partition("\n")[0]
    block = width(first if first.strip() else around.line_before)
    within, bracket = 0, around.bracket
    start = None if bracket is None else around.open[bracket]
    if start is not None and (start.at >= around.line_start or block > start.width):
        within = balanced(text, around).leaves
        block = start.width
    closed = False
    for line in around.lines(text):
        if line.start == 0 or (around.syntax.directives and line.said[0] == "#"):
            continue
        least = block + 1 if line.start < within and not line.closes else block
        if line.width < block and line.closes and not line.opens:
            closed = True
        elif closed or line.width < least:
            return line.start
    return len(text)


def too_many_lines(text: str, max_lines: int) -> int:
    """More than `max_lines` lines; blank ones do not count."""
    last = next(islice(lines_of(text), max(max_lines, 1) - 1, None), None)
    end = text.find("\n", last.start) if last else -1
    return len(text) if end < 0 else end


def unbalanced(text: str, around: Around) -> int:
    """A closing bracket that nobody opened, or that is closed after the cursor already."""
    return len(text) if around.syntax.prose else balanced(text, around).keep


def behind_brackets(text: str, around: Around) -> int:
    """What the text says behind a bracket it has covered, where it stands there already or where
    more code stands: `self):` over the bracket of `) -> str:` is `self)`."""
    balance = balanced(text, around)
    tail, rest = text[balance.last :].strip(), around.line_after[balance.cover :].strip()
    if not balance.cover or not tail or PUNCTUATION.issuperset(rest):
        return len(text)
    return balance.last


def left_open(text: str, around: Around) -> int:
    """A bracket that the text opens and leaves open where more stands on the line.

    Closing brackets there that close nothing yet may close it. What is cut begins with the bracket
    if a name stands before it, else with the last comma: what is before that is whole.
    """
    balance = balanced(text, around)
    if not around.line_after[balance.cover :].strip():
        return len(text)
    spare = [char for at, char in sorted([*around.spare, *balance.freed]) if at >= balance.cover]
    for i in range(len(balance.own) - 1, -1, -1):
        if balance.own[i].closer not in spare:
            return _whole(text, balance.own[0].at)
        del spare[: spare.index(balance.own[i].closer) + 1]
    return len(text)


def begun_blocks(text: str, around: Around) -> str:
    """What would close the brackets that `text` leaves open if it ends with one, and its line too;
    else nothing."""
    balance = balanced(text, around)
    if text[-1:] not in CLOSER or around.line_after[balance.cover :].strip():
        return ""
    return "\n" + "".join(bracket.closer for bracket in reversed(balance.own))


def _whole(text: str, end: int) -> int:
    """How much of `text[:end]` to keep, where a bracket stands that has to go."""
    if text[:end][-1:].isalnum():
        return end
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += (text[at] in OPENER) - (text[at] in CLOSER)
        if depth < 0 or (depth == 0 and text[at] in ",;"):
            return at
    return 0


@dataclass(frozen=True)
class Balance:
    """How the brackets of a text fit those around the cursor."""

    keep: int
    """Characters before the first bracket that is one too many."""
    cover: int = 0
    """Characters after the cursor that the text brings itself."""
    last: int = 0
    """Where in the text the last of the covered ones ends."""
    leaves: int = 0
    """Where the text closes the bracket that `Around.bracket` names; its length if it does not."""
    own: tuple[Open, ...] = ()
    """What the text opens and does not close, innermost last."""
    freed: tuple[tuple[int, str], ...] = ()
    """What stands after the cursor and closes what the text has closed itself."""


def balanced(text: str, around: Around) -> Balance:
    """Match the brackets of `text` with those open at the cursor.

    A bracket that is closed right after the cursor is covered: the text may close it instead.
    One that is closed further on must not be closed, unless the same line opens another in its
    place (`} else {`).
    """
    found = scan(text, around.syntax, inside=around.inside)
    fits = replace(_nested(text, around), leaves=len(text))
    if fits.keep < len(text):
        return fits
    signs = found.brackets
    if found.left is not None and around.in_string:
        signs = [(found.left, around.inside), *signs]
    stack = list(around.open)
    n_outer, covers = len(stack), list[tuple[str, Balance]]()
    freed: list[tuple[int, str]] = []
    owed: tuple[int, Open] | None = None
    for at, sign in signs:
        if sign in CLOSER:
            opened = Open(CLOSER[sign], 0, at)
            if owed and owed[1].closer == opened.closer and "\n" not in text[owed[0] : at]:
                opened, owed = owed[1], None
            stack.append(opened)
            continue
        i = next((i for i in range(len(stack) - 1, -1, -1) if stack[i].closer == sign), None)
        if i is None and (owed or not around.syntax.known or around.cut_off):
            continue
        if i is None:
            return replace(fits, keep=at)
        closed = stack[i]
        del stack[i:]
        n_outer = min(n_outer, i)
        if around.bracket is not None and i <= around.bracket:
            fits = replace(fits, leaves=min(at, fits.leaves))
        if closed.closed_at is None:
            continue
        freed.append((closed.closed_at, sign))
        if owed:
            break
        if _is_next(closed.closed_at, fits.cover, around):
            cover = closed.closed_at + len(sign)
            covers.append((sign, fits))
            fits = replace(fits, cover=cover, last=at + len(sign))
        else:
            owed = (at, closed)
    # What stands behind the cursor closes what the text itself leaves open: `a", "b` before `"`.
    left_open = found.inside or (stack[-1].closer if len(stack) > n_outer else "")
    kept = next((fit for sign, fit in covers if sign == left_open), fits)
    fits = replace(fits, cover=kept.cover, last=kept.last)
    fits = replace(fits, own=tuple(stack[n_outer:]), freed=tuple(freed))
    return replace(fits, keep=owed[0]) if owed else fits


def _nested(text: str, around: Around) -> Balance:
    """The balance within the string or comment that the cursor is inside of, as far as that goes.

    Nothing is cut there: a bracket in a string may stand alone.
    """
    if around.nested is None:
        return Balance(len(text))
    left = scan(text, around.syntax, inside=around.inside).left
    within = text[:left].partition("\n")[0]
    balance = balanced(within, around.nested)
    keep = balance.keep if balance.keep < len(within) else len(text)
    return replace(balance, keep=keep, own=())


def _is_next(closed_at: int, cover: int, around: Around) -> bool:
    """Whether only white space lies between what is covered and the bracket at `closed_at`."""
    return closed_at < len(around.line_after) and not around.line_after[cover:closed_at].strip()


def covered(text: str, around: Around) -> int:
    """How many characters after the cursor the text repeats and therefore replaces.

    The brackets that it closes itself, and punctuation that stands behind them in both; also a
    bracket that nothing before the cursor opens, which the text opens and closes again.
    """
    balance = balanced(text, around)
    rest = around.line_after[balance.cover :].rstrip()
    punctuation = rest.lstrip()
    if _is_stray(punctuation, around) and not balance.cover and text.endswith(punctuation):
        return len(rest)
    if not punctuation or punctuation[0] in CLOSERS or not PUNCTUATION.issuperset(rest):
        return balance.cover
    first_line, last_line = _ends(text, balance, punctuation)
    ends = last_line or (first_line and ":" in punctuation)
    return balance.cover + len(rest) if ends else balance.cover


def _is_stray(rest: str, around: Around) -> bool:
    """Whether the end of the line is punctuation that begins with a bracket nobody has opened."""
    if rest[:1] not in (")", "]", "}") or not PUNCTUATION.issuperset(rest) or around.inside:
        return False
    at = len(around.line_after.rstrip()) - len(rest)
    known = around.syntax.known and not around.cut_off
    return known and all(open_.closed_at != at for open_ in around.open)


def _ends(text: str, balance: Balance, punctuation: str) -> tuple[bool, bool]:
    """Whether the line of the last covered bracket, and the last line, end in `punctuation`."""
    first, last = text[balance.last :].partition("\n")[0], text.rpartition("\n")[2]
    return first.rstrip().endswith(punctuation), last.rstrip().endswith(punctuation)
