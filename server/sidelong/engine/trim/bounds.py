"""Rules about where the text has to end: its line, its block, its brackets, its length.

Each rule returns how many characters of the text to keep; it keeps all that it does not object to.
"""

from __future__ import annotations

from itertools import islice

from sidelong.engine.trim.around import CLOSERS, PUNCTUATION, Around
from sidelong.engine.trim.balance import Balance, balanced, within
from sidelong.engine.trim.brackets import CLOSER, OPENER
from sidelong.engine.trim.lines import lines_of, width
from sidelong.engine.trim.scan import is_short, scan


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
    closed_at, bracket = 0, around.bracket
    start = None if bracket is None else around.open[bracket]
    if start is not None and (start.at >= around.line_start or block > start.width):
        closed_at = balanced(text, around).leaves
        block = start.width
    closed = False
    for line in around.lines(text):
        if line.start == 0 or (around.syntax.directives and line.said[0] == "#"):
            continue
        least = block + 1 if line.start < closed_at and not line.closes else block
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
    """The end of the text behind a bracket it has covered, where it stands there already or where
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
    if around.nested is not None:
        inner = within(text, around)
        keep = left_open(inner, around.nested)
        if keep < len(inner):
            return keep
    balance = balanced(text, around)
    if not around.line_after[balance.cover :].strip():
        return len(text)
    spare = [char for at, char in sorted([*around.spare, *balance.freed]) if at >= balance.cover]
    for i in range(len(balance.own) - 1, -1, -1):
        if balance.own[i].closer not in spare:
            return _whole(text, balance.own[0].at)
        del spare[: spare.index(balance.own[i].closer) + 1]
    return len(text)


def begun(text: str, around: Around) -> str:
    """The signs that close the block, or the string or comment over lines, that `text` begins at
    its end and at its line's end; nothing if it begins none."""
    balance = balanced(text, around)
    if around.line_after[balance.cover :].strip():
        return ""
    inside = scan(text, around.syntax, inside=around.inside).inside
    if inside and not around.inside and not is_short(inside, around.syntax):
        return "\n" + inside
    if text[-1:] not in CLOSER:
        return ""
    return "\n" + "".join(bracket.closer for bracket in reversed(balance.own))


def _whole(text: str, end: int) -> int:
    """The characters of `text[:end]` to keep, where a bracket stands that has to go."""
    if text[:end][-1:].isalnum():
        return end
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += (text[at] in OPENER) - (text[at] in CLOSER)
        if depth < 0 or (depth == 0 and text[at] in ",;"):
            return at
    return 0


def covered(text: str, around: Around) -> int:
    """The number of characters after the cursor that the text repeats and therefore replaces.

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
    blank = len(rest) - len(punctuation)
    if punctuation[0] in ";," and text.endswith(punctuation[0]):
        return balance.cover + blank + 1
    first_line, last_line = _ends(text, balance, punctuation)
    ends = last_line or (first_line and ":" in punctuation)
    return balance.cover + len(rest) if ends else balance.cover


def _is_stray(rest: str, around: Around) -> bool:
    """True if the end of the line is punctuation that begins with a bracket nobody has opened."""
    if rest[:1] not in (")", "]", "}") or not PUNCTUATION.issuperset(rest) or around.inside:
        return False
    at = len(around.line_after.rstrip()) - len(rest)
    known = around.syntax.known and not around.cut_off
    return known and all(open_.closed_at != at for open_ in around.open)


def _ends(text: str, balance: Balance, punctuation: str) -> tuple[bool, bool]:
    """True if the line of the last covered bracket, and the last line, end in `punctuation`."""
    first, last = text[balance.last :].partition("\n")[0], text.rpartition("\n")[2]
    return first.rstrip().endswith(punctuation), last.rstrip().endswith(punctuation)
