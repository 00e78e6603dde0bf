"""An impression: one suggestion on the screen, from when it appears until it is gone; pure.

Counting impressions is left to `acceptance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from sidelong.lsp.suggestion import Suggestion


@dataclass
class Impression:
    """A suggestion that the user may still accept."""

    root: PurePath
    """The workspace folder whose counts it belongs to."""
    suggestion: Suggestion
    since_s: float
    ids: set[str]
    """The requests that showed it: after each typed character, another one shows its rest."""
    read_s: float | None = None
    """The time from its appearance to the first change; None before that change."""
    accepted: bool = False
    """The client reported an acceptance."""

    def taken(self, text: str) -> bool | None:
        """True if the document's text now holds half of the suggestion or more, False if none.

        None if the text does not tell.
        """
        if self.accepted:
            return True
        question, suggested = self.suggestion.question, self.suggestion.answer.text
        if not text.startswith(question.before):
            return None
        # The text after the cursor may have begun with the same characters: they do not count.
        now = text[len(question.before) :]
        n_kept = _n_common(suggested, now) - _n_common(suggested, question.after)
        if 2 * n_kept >= len(suggested):
            return True
        return False if n_kept <= 0 else None


def _n_common(one: str, other: str) -> int:
    """The length of the longest common prefix."""
    differ = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differ, min(len(one), len(other)))
