"""What an inline completion request asks, taken down the moment it arrives.

A document moves on while its request waits; the question keeps the text that the client saw.
How positions become columns is `convert`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from lsprotocol import types

from sidelong.lsp.convert import Encoding, line_content, range_on_line
from sidelong.lsp.documents import Cursor, Document

_WORD: Final = re.compile(r"\w+\Z")


@dataclass(frozen=True)
class Question:
    """A cursor in a text, and which part of the cursor's line the answer will replace."""

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
    """What the answer's text begins with: what stands, or is selected, before the cursor."""

    @property
    def before(self) -> str:
        """The text before the cursor."""
        return self.text[: self.offset]

    @property
    def after(self) -> str:
        """The text after the cursor."""
        return self.text[self.offset :]

    def with_word(self) -> Question:
        """The same question; the answer is to replace the word that was begun, and repeat it."""
        word = _WORD.search(self.line[: self.start])
        begun = word.group() if word else ""
        return replace(self, start=self.start - len(begun), lead=begun + self.lead)

    def item(self, text: str, *, replace_after: int, encoding: Encoding) -> tuple[str, types.Range]:
        """What to insert and where, so that `text` comes to stand at the cursor.

        The range stays on the line and the inserted text begins with what it covers before the
        cursor: VS Code shows nothing otherwise.
        """
        end = min(self.end + replace_after, len(line_content(self.line)))
        span = range_on_line(
            self.line, number=self.number, start=self.start, end=end, encoding=encoding
        )
        return self.lead + text, span


def read_question(
    doc: Document, params: types.InlineCompletionParams, encoding: Encoding
) -> Question:
    """The question that the request puts to this state of the document."""
    selected = params.context.selected_completion_info
    if selected is not None:
        cursor = doc.cursor(params.position, encoding)
        start = doc.cursor(selected.range.start, encoding)
        end = doc.cursor(selected.range.end, encoding)
        if start.line == end.line == cursor.line and start.column <= cursor.column <= end.column:
            return _with_selected(doc, start, end, selected.text)
    return question_at(doc, params.position, encoding)


def question_at(doc: Document, position: types.Position, encoding: Encoding) -> Question:
    """What to insert at the position, in this state of the document."""
    cursor = doc.cursor(position, encoding)
    return Question(
        text=doc.text,
        offset=cursor.offset,
        number=cursor.line,
        line=doc.lines[cursor.line],
        start=cursor.column,
        end=cursor.column,
        lead="",
    )


def _with_selected(doc: Document, start: Cursor, end: Cursor, text: str) -> Question:
    """Ask as if the item selected in the suggest widget had been accepted.

    VS Code shows ghost text beside an open widget only if it extends the selected item.
    """
    return Question(
        text=doc.text[: start.offset] + text + doc.text[end.offset :],
        offset=start.offset + len(text),
        number=start.line,
        line=doc.lines[start.line],
        start=start.column,
        end=end.column,
        lead=text,
    )
