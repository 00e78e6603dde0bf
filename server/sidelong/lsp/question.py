"""The question a completion request asks: a text, the cursor in it, and the columns to replace.

A document moves on while its request waits; the question keeps the text that the client saw.
Reading it off a request is left to `reading`, the columns of a position to `convert`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from lsprotocol import types

from sidelong.lsp.convert import Encoding, line_content, range_on_line

_WORD: Final = re.compile(r"\w+\Z")


@dataclass(frozen=True)
class Question:
    """A cursor in a text, and the part of the cursor's line that the answer will replace."""

    text: str
    offset: int
    """The cursor in `text`, in code points."""
    number: int
    line: str
    """The cursor's line as the client has it, and its number."""
    start: int
    end: int
    """The columns of that line that the answer replaces; equal if it only inserts."""
    lead: str
    """The beginning of the inserted text: the typed word or the selected item before the cursor."""

    @property
    def before(self) -> str:
        """The text before the cursor."""
        return self.text[: self.offset]

    @property
    def after(self) -> str:
        """The text after the cursor."""
        return self.text[self.offset :]

    def with_word(self) -> Question:
        """The same question, whose answer replaces and repeats the word before the cursor."""
        word = _WORD.search(self.line[: self.start])
        begun = word.group() if word else ""
        return replace(self, start=self.start - len(begun), lead=begun + self.lead)

    def item(self, text: str, *, replace_after: int, encoding: Encoding) -> tuple[str, types.Range]:
        """The text to insert and the range to replace, which put `text` at the cursor.

        The range stays on the line and the inserted text begins with what it covers before the
        cursor: VS Code shows nothing otherwise.
        """
        end = min(self.end + replace_after, len(line_content(self.line)))
        span = range_on_line(
            self.line, number=self.number, start=self.start, end=end, encoding=encoding
        )
        return self.lead + text, span
