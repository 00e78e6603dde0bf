"""The text before a cursor as lines that stay the same while one types, and the rest; pure.

What is learnt of such lines is kept by their text, so a key costs the line that it is typed in and
not the file.
"""

from __future__ import annotations

STEP = 8_192
"""Characters between the places at which the lines may begin."""


def steady(before: str, most: int) -> tuple[str, str]:
    """Lines before the cursor, and the text from the end of their last one to the cursor.

    Together they are the end of `before`, at most `most` characters and at most `STEP` fewer. The
    lines end before a line end that follows visible text; there are none where that does not occur.
    """
    start = _start(before, most)
    end = before.rfind("\n", start)
    while end > start and before[end - 1].isspace() and before[end - 1] != "\r":
        end = before.rfind("\n", start, end)
    end = max(end, start)
    return before[start:end], before[end:]


def _start(before: str, most: int) -> int:
    """A line start that moves on once in `STEP` characters only."""
    first = -(-max(0, len(before) - most) // STEP) * STEP
    if first == 0:
        return 0
    newline = before.find("\n", first, first + STEP)
    return min(len(before), first if newline < 0 else newline + 1)
