"""A request as it may leave the machine: without the secrets of the open document.

Chunks hold none in the first place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sidelong.engine.request import Request
from sidelong_index import SECRET_MASK, secret_spans

SEEN_CHARS: Final = 96_000
"""At most so much on each side of the cursor is searched, and at least half as much is sent of."""

MOST_SENT: Final = SEEN_CHARS // 4
"""Characters of each part of a prompt: a secret that begins before it is found all the same."""


def masked(request: Request) -> tuple[Request, int]:
    """The request with a word in the place of each secret, and the number of those.

    Its text is cut, far from the cursor, at places that stand still while somebody types.
    """
    half = SEEN_CHARS // 2
    start = max(0, request.offset // half * half - half)
    text, offset = request.text[start : request.offset + SEEN_CHARS], request.offset - start
    spans = secret_spans(text)
    before, after, done = [], [], 0
    for begin, end in spans:
        before.append(text[min(done, offset) : min(begin, offset)])
        after.append(text[max(done, offset) : max(begin, offset)])
        (before if begin < offset else after).append(SECRET_MASK)
        done = end
    before.append(text[min(done, offset) : offset])
    after.append(text[max(done, offset) :])
    left = "".join(before)
    return replace(request, text=left + "".join(after), offset=len(left)), len(spans)
