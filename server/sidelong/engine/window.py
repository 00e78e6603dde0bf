"""The windows of the document that the model reads: L before the cursor, R after it; pure.

The start of L is anchored at fixed places of the document, a quarter of the budget apart.
It therefore stays where it is while somebody types, and the KV cache stays valid;
it moves by one whole step when L outgrows its budget, and no state is needed to remember it.
"""

from __future__ import annotations

from sidelong.engine.prompt import Tokenize

MAX_CHARS_PER_TOKEN = 6
"""Text beyond this many characters a token is not looked at, so that cost is bounded."""

STEP_CHARS_PER_TOKEN = 3
"""Anchors are budget / 4 tokens apart, taken as this many characters a token."""


def prefix_tokens(before: str, *, tokenize: Tokenize, budget: int) -> list[int]:
    """The tokens of L: the end of `before`, from an anchor on, at most `budget` of them."""
    step = max(1, budget * STEP_CHARS_PER_TOKEN // 4)
    first = max(0, len(before) - budget * MAX_CHARS_PER_TOKEN)
    anchor = -(-first // step) * step
    while anchor < len(before):
        tokens = tokenize(before[_line_start(before, anchor, step) :])
        if len(tokens) <= budget:
            return tokens
        anchor += step
    return tokenize(before[-step:])[-budget:] if budget else []


def suffix_tokens(after: str, *, tokenize: Tokenize, budget: int) -> list[int]:
    """The tokens of R: the beginning of `after`, at most `budget` of them."""
    return tokenize(after[: budget * MAX_CHARS_PER_TOKEN])[:budget]


def _line_start(text: str, anchor: int, step: int) -> int:
    """The first line start at or after `anchor`, or `anchor` itself in one very long line."""
    if anchor == 0 or text[anchor - 1] == "\n":
        return anchor
    newline = text.find("\n", anchor, anchor + step)
    return anchor if newline < 0 else newline + 1
