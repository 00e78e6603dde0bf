"""Keeps the secrets of the open document out of what is suggested.

The index holds no secrets. The model, though, reads the open document as it is, and may copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from sidelong.engine.steady import steady
from sidelong.engine.trim import Trimmed
from sidelong_index import SECRET_MASK, secret_spans

SEEN_CHARS = 96_000
"""Characters on each side of the cursor that are searched; no model reads more."""

_LINE_CHARS = 2_000
_PARTS = 4
"""Texts whose secrets are kept for a document: above and below the cursor, and those before."""

_TELLING = 8
"""Characters of a secret, one after another, that say more than how such secrets begin."""


@dataclass(frozen=True)
class Secrets:
    """The secrets around one cursor."""

    line: str
    """The cursor's line as far as the cursor; a secret may have been begun there."""
    known: tuple[str, ...]

    def withhold(self, trimmed: Trimmed) -> Trimmed:
        """The suggestion as far as it gives no secret away; nothing rather than a lone quote."""
        said = self.line + trimmed.text
        begins = max(min(self._places(said), default=len(said)), len(self.line))
        if begins == len(said):
            return trimmed
        text = said[len(self.line) : begins]
        text = text if any(map(str.isalnum, text)) else ""
        return replace(trimmed, text=text, replace_after=0, reason="secret")

    def _places(self, said: str) -> Iterator[int]:
        """Where secrets begin in the line and the suggestion, if they reach into the latter."""
        behind = len(self.line)
        yield from (start for start, end in secret_spans(said) if end > behind)
        mask = said.find(SECRET_MASK, max(0, behind - len(SECRET_MASK) + 1))
        if mask >= 0:
            yield mask
        for start in range(max(0, behind - _TELLING + 1), len(said) - _TELLING + 1):
            if any(said[start : start + _TELLING] in secret for secret in self.known):
                yield start
                return


class KnownSecrets:
    """The secrets near the cursors of one document; a key searches its own lines.

    Owned by the thread that completes.
    """

    def __init__(self) -> None:
        self._in = lru_cache(maxsize=_PARTS)(_secrets_in)

    def around(self, before: str, after: str) -> Secrets:
        """The secrets of a document that is `before` and `after` with the cursor between."""
        lines, rest = steady(before, SEEN_CHARS)
        # With lines before it, since the name of a secret may stand there.
        start = before.rfind("\n", 0, max(0, len(before) - len(rest) - _LINE_CHARS)) + 1
        near = before[max(start, len(before) - SEEN_CHARS) :]
        known = (*self._in(lines), *_secrets_in(near), *self._in(after[:SEEN_CHARS]))
        return Secrets(before[before.rfind("\n") + 1 :][-_LINE_CHARS:], known)


def _secrets_in(text: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in secret_spans(text))
