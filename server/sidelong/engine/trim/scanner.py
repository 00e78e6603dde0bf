"""The brackets, strings and comments open at a cursor, read from the document's start.

The state is kept every few kilobytes along the text, so that a keystroke reads only what stands
between the last of these places and the cursor. That the text before such a place is the same as
when it was read is checked by comparing, so a stale state is never used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sidelong.engine.trim.brackets import Open, opened
from sidelong.engine.trim.scan import scan
from sidelong.engine.trim.syntax import REMARK, Syntax

PIECE = 4096
"""Characters between two places at which the state is kept, but for the end of the line."""

REACH = 262_144
"""Characters that are read at most before the first such place; where a document is longer, the
reading begins at a line that looks as if nothing were open there."""

_OUTERMOST = re.compile(r"\n\n(?=[^\W\d])")


@dataclass(frozen=True)
class State:
    """The brackets, string or comment open at a place of a document."""

    open: tuple[Open, ...] = ()
    """The brackets, innermost last."""
    inside: str = ""
    """The sign that closes the string or comment that the place is inside of; nothing in code."""
    opened: int = 0
    """The offset behind the start of that string or comment."""


@dataclass(frozen=True)
class _Piece:
    text: str
    syntax: Syntax
    end: State


class Scanner:
    """Reads one document, again and again; owned by the thread that completes."""

    def __init__(self, *, piece: int = PIECE) -> None:
        self._piece = piece
        self._start = 0
        self._pieces: list[_Piece] = []
        self.scanned = 0
        """Characters scanned since the scanner was made."""

    def at_end(self, before: str, syntax: Syntax) -> State:
        """The state at the end of `before` (`\\n` line ends), the text before a cursor."""
        start = begin(before)
        if start != self._start:
            self._start, self._pieces = start, []
        at, state = self._known(before, syntax)
        while (end := before.find("\n", at + self._piece) + 1) > 0:
            state = self._read(before, at, end, state, syntax)
            self._pieces.append(_Piece(before[at:end], syntax, state))
            at = end
        return self._read(before, at, len(before), state, syntax)

    def _known(self, before: str, syntax: Syntax) -> tuple[int, State]:
        """Where the pieces end that are still the same, and the state there."""
        at, state = self._start, State()
        for i, piece in enumerate(self._pieces):
            if not before.startswith(piece.text, at) or piece.syntax != syntax:
                if not piece.text.startswith(before[at:]):
                    del self._pieces[i:]
                break
            at, state = at + len(piece.text), piece.end
        return at, state

    def _read(self, before: str, start: int, end: int, state: State, syntax: Syntax) -> State:
        self.scanned += end - start
        found = scan(before, syntax, inside=state.inside, start=start, end=end)
        same = found.inside == state.inside and found.left is None and found.inside != REMARK
        open_ = opened(state.open, before, found)
        return State(tuple(open_), found.inside, state.opened if same else found.opened)


def begin(before: str) -> int:
    """Where the reading of a text begins; moves on once in `REACH` characters only."""
    least = (len(before) // REACH - 1) * REACH
    if least <= 0:
        return 0
    found = _OUTERMOST.search(before, least)
    return found.end() if found else before.find("\n", least) + 1
