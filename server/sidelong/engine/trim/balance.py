"""The fit of a text's brackets to those around the cursor.

`bounds` decides what to cut or cover for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sidelong.engine.trim.around import Around
from sidelong.engine.trim.brackets import CLOSER, Open
from sidelong.engine.trim.scan import scan


@dataclass(frozen=True)
class Balance:
    """The fit of a text's brackets to those around the cursor."""

    keep: int
    """Characters before the first bracket that is one too many."""
    cover: int = 0
    """Characters after the cursor that the text brings itself."""
    last: int = 0
    """Where in the text the last of the covered ones ends."""
    leaves: int = 0
    """Where the text closes the bracket that `Around.bracket` names; its length if it does not."""
    own: tuple[Open, ...] = ()
    """The brackets that the text opens and does not close, innermost last."""
    freed: tuple[tuple[int, str], ...] = ()
    """The brackets after the cursor that close what the text has closed itself."""


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


def within(text: str, around: Around) -> str:
    """As much of `text` as stays on the cursor's line and in the string or comment around it."""
    left = scan(text, around.syntax, inside=around.inside).left
    return text[:left].partition("\n")[0]


def _nested(text: str, around: Around) -> Balance:
    """The balance within the string or comment that the cursor is inside of."""
    if around.nested is None:
        return Balance(len(text))
    inner = within(text, around)
    balance = balanced(inner, around.nested)
    keep = balance.keep if balance.keep < len(inner) else len(text)
    return replace(balance, keep=keep, own=())


def _is_next(closed_at: int, cover: int, around: Around) -> bool:
    """True if only white space lies between what is covered and the bracket at `closed_at`."""
    return closed_at < len(around.line_after) and not around.line_after[cover:closed_at].strip()
