"""The surroundings of a cursor, in the form in which the rules need them.

Read once for all texts at one cursor, since the decoder asks after every token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from sidelong.engine.trim.brackets import Open, closed_by, quote, unopened
from sidelong.engine.trim.indentation import turned, unit_of
from sidelong.engine.trim.lines import LINE_END, Line, lines_of, unix
from sidelong.engine.trim.scan import closes, scan
from sidelong.engine.trim.scanner import Scanner, State, begin
from sidelong.engine.trim.sections import section
from sidelong.engine.trim.syntax import COMMENTS, INSIDE, Syntax

BEFORE, AFTER = 16_384, 8_192
"""Characters around the cursor whose lines the rules compare; brackets are known from further."""

_LINES = 16
CLOSERS = frozenset(")]}\"'`")
PUNCTUATION = CLOSERS | frozenset(" \t;,:")


@dataclass(frozen=True)
class Around:
    """The text around a cursor; line ends are `\\n` throughout."""

    line_before: str
    line_start: int
    """Where that begins in the text before the cursor."""
    line_after: str
    above: Sequence[Line]
    """Lines above the cursor's that are not blank, the nearest last."""
    below: Sequence[Line]
    """Lines below the cursor's that are not blank, the nearest first."""
    after: str
    open: Sequence[Open]
    """Brackets and the quote that are open at the cursor, innermost last."""
    inside: str
    """The sign that closes the string or comment that the cursor is inside of; nothing in code."""
    nested: Around | None
    """The surroundings of the cursor within that string or comment, on the cursor's line."""
    spare: Sequence[tuple[int, str]]
    """The closing brackets on the cursor's line, after it, that close nothing before it, with
    their places."""
    syntax: Syntax
    line_end: str
    """The document's own line end."""
    indentation: str
    """One level of it in the lines around the cursor; nothing if that cannot be said."""
    cut_off: bool
    """True if there is text before what was looked at."""

    @cached_property
    def code_follows(self) -> bool:
        """True if more than closing brackets and punctuation stands after the cursor, or its line
        ends in the head of a block that is there already."""
        rest = self.line_after.rstrip()
        if not PUNCTUATION.issuperset(rest):
            return True
        own = next(lines_of(self.line_before), None)
        return bool(rest.endswith(":") and own and self.below and self.below[0].width > own.width)

    @cached_property
    def bracket(self) -> int | None:
        """The place in `open` of the innermost bracket, if it is one around an expression."""
        i = next((i for i in reversed(range(len(self.open))) if self.open[i].closer in ")]}"), None)
        return i if i is not None and self.open[i].closer in ")]" else None

    @property
    def in_string(self) -> bool:
        """True if the cursor is inside of a string, not of a comment."""
        return bool(self.inside) and self.inside not in COMMENTS

    def fitted(self, text: str) -> str:
        """`text` with `\\n` line ends and the document's own indentation."""
        first = not self.line_before.strip()
        return turned(unix(text), self.indentation, first=first)

    def lines(self, text: str) -> list[Line]:
        """The lines that are not blank once `text` is inserted, the cursor's line whole.

        The cursor's line is left out if `text` adds nothing to it; its `start` is 0.
        """
        skipped = 0
        if not text.partition("\n")[0].strip():
            skipped = text.find("\n") + 1 or len(text)
            return list(lines_of(text[skipped:], offset=skipped))
        first, *others = lines_of(self.line_before + text, offset=-len(self.line_before))
        return [Line(0, first.width, first.said), *others]

    def lines_before(self, text: str) -> Sequence[Line]:
        """The lines above what `lines` returns, the nearest last."""
        if text.partition("\n")[0].strip() or not self.line_before.strip():
            return self.above
        return [*self.above, *lines_of(self.line_before)]


def around(before: str, after: str, language: str, scanner: Scanner) -> Around:
    """The surroundings of the cursor between `before` and `after`, which `scanner` reads."""
    line_end = _line_end(before, after)
    before, after, syntax = section(unix(before), unix(after[:AFTER]), language)
    state, cut_off = scanner.at_end(before, syntax), begin(before) > 0
    return _around(before, after, syntax, state, line_end, cut_off)


def _around(
    before: str, after: str, syntax: Syntax, state: State, line_end: str, cut_off: bool
) -> Around:
    inside = state.inside if closes(after, syntax, state.inside) else ""
    closing = unopened(scan(after, syntax, inside=inside), inside)
    open_ = [*state.open, *quote(before, state.inside, state.opened)]
    open_ = closed_by(open_, after, closing)
    near = before[-BEFORE:]
    head, _, line_before = near.rpartition("\n")
    if len(before) > BEFORE:
        head = head.partition("\n")[2]
    line_after, _, tail = after.partition("\n")
    near_lines = [*head.split("\n")[-2 * _LINES :], line_before + "|", *tail.split("\n", _LINES)]
    return Around(
        line_before=line_before,
        line_start=len(before) - len(line_before),
        line_after=line_after,
        above=_last_lines(head, _LINES),
        below=list(islice(lines_of(tail), _LINES)),
        after=after,
        open=open_,
        inside=state.inside,
        nested=_nested(before, after, syntax, state),
        spare=_spare(closing, open_, len(line_after)),
        syntax=syntax,
        line_end=line_end,
        indentation="" if state.inside else unit_of(near_lines),
        cut_off=cut_off,
    )


def _last_lines(text: str, n: int) -> list[Line]:
    """The last `n` lines of `text` that are not blank."""
    start, end, found = len(text), len(text), 0
    while start > 0 and found < n:
        start = text.rfind("\n", 0, end) + 1
        found += not (text[start:end].isspace() or start == end)
        end = start - 1
    return list(lines_of(text[start:], offset=start))


def _spare(
    closing: Sequence[tuple[int, str]], open_: Sequence[Open], line_end: int
) -> list[tuple[int, str]]:
    """Those of the closing brackets before `line_end` that close nothing that is open."""
    closed = {bracket.closed_at for bracket in open_}
    return [(at, char) for at, char in closing if at < line_end and at not in closed]


def _nested(before: str, after: str, syntax: Syntax, state: State) -> Around | None:
    """The surroundings of the cursor within the string or comment that it is inside of."""
    if not state.inside:
        return None
    start = max(state.opened, before.rfind("\n") + 1)
    line_after = after.partition("\n")[0]
    left = scan(line_after, syntax, inside=state.inside).left
    before, after = before[start:], line_after[:left]
    return _around(before, after, INSIDE, Scanner().at_end(before, INSIDE), "\n", False)


def _line_end(before: str, after: str) -> str:
    """The line end nearest to the cursor."""
    above = max(before.rfind("\n"), before.rfind("\r"))
    if above >= 0:
        return "\r\n" if before[max(0, above - 1) : above + 1] == "\r\n" else before[above]
    below = LINE_END.search(after)
    return below.group() if below else "\n"
