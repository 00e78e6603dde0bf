"""What stands around the cursor, in the form in which the rules need it.

Read once for all texts at one cursor, since the decoder asks after every token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sidelong.engine.trim.brackets import Open, closed_by, closes, open_at_end, scan, unopened
from sidelong.engine.trim.lines import LINE_END, Line, lines_of, unix
from sidelong.engine.trim.syntax import Syntax, syntax_of

BEFORE, AFTER = 16_384, 8_192  # code points that the rules look at
_LINES = 16
CLOSERS = frozenset(")]}\"'`")
PUNCTUATION = CLOSERS | frozenset(" \t;,:")


@dataclass(frozen=True)
class Around:
    """The text around a cursor; line ends are `\\n` throughout."""

    line_before: str
    line_after: str
    above: Sequence[Line]
    """Lines above the cursor's that are not blank, the nearest last."""
    below: Sequence[Line]
    """Lines below the cursor's that are not blank, the nearest first."""
    after: str
    open: Sequence[Open]
    """Brackets and the quote that are open at the cursor, innermost last."""
    inside: str
    """The quote or comment the cursor is in, or nothing."""
    syntax: Syntax
    line_end: str
    """The document's own line end."""
    cut_off: bool
    """Whether there is text before what was looked at."""

    @cached_property
    def code_follows(self) -> bool:
        """Whether more than closing brackets and punctuation stands after the cursor, or its line
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


def around(before: str, after: str, language: str) -> Around:
    """What stands between `before` and `after`."""
    cut_off = len(before) > BEFORE
    before, after = before[-BEFORE:], after[:AFTER]
    syntax = syntax_of(language)
    line_end = _line_end(before, after)
    before, after = unix(before), unix(after)
    if cut_off:
        before = before[before.find("\n") + 1 :]
    found = scan(before, syntax)
    inside = found.inside if closes(after, syntax, found.inside) else ""
    closing = unopened(scan(after, syntax, inside=inside), inside)
    head, _, line_before = before.rpartition("\n")
    line_after, _, tail = after.partition("\n")
    return Around(
        line_before=line_before,
        line_after=line_after,
        above=list(lines_of(head))[-_LINES:],
        below=list(lines_of(tail))[:_LINES],
        after=after,
        open=closed_by(open_at_end(before, found), after, closing),
        inside=found.inside,
        syntax=syntax,
        line_end=line_end,
        cut_off=cut_off,
    )


def _line_end(before: str, after: str) -> str:
    """The line end nearest to the cursor."""
    above = max(before.rfind("\n"), before.rfind("\r"))
    if above >= 0:
        return "\r\n" if before[max(0, above - 1) : above + 1] == "\r\n" else before[above]
    below = LINE_END.search(after)
    return below.group() if below else "\n"
