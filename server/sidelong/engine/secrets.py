"""Keeps the secrets of the open document out of what is suggested.

The index holds no secrets. The model, though, reads the open document as it is, and may copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sidelong.engine.trim import Trimmed
from sidelong_index import SECRET_MASK, secret_spans

SEEN_CHARS = 96_000
"""Characters on each side of the cursor that are searched; no model reads more."""

_LINE_CHARS = 2_000
_TELLING = 8
"""Characters of a secret, one after another, that say more than how such secrets begin."""


@dataclass(frozen=True)
class Secrets:
    """The secrets around one cursor."""

    line: str
    """The cursor's line as far as the cursor; a secret may have been begun there."""
    known: tuple[str, ...]

    @staticmethod
    def around(before: str, after: str) -> Secrets:
        """The secrets of a document that is `before` and `after` with the cursor between."""
        texts = (before[-SEEN_CHARS:], after[:SEEN_CHARS])
        known = (text[start:end] for text in texts for start, end in secret_spans(text))
        return Secrets(before[before.rfind("\n") + 1 :][-_LINE_CHARS:], tuple(known))

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
