"""Reading the question off a completion request, at the moment the request arrives.

The question itself is `question`'s; the columns of a position are `convert`'s.
"""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.convert import Encoding
from sidelong.lsp.documents import Cursor, Document
from sidelong.lsp.question import Question


def read_question(
    doc: Document, params: types.InlineCompletionParams, encoding: Encoding
) -> Question:
    """The question that an inline completion request asks about the document as it is now."""
    selected = params.context.selected_completion_info
    if selected is not None:
        cursor = doc.cursor(params.position, encoding)
        start = doc.cursor(selected.range.start, encoding)
        end = doc.cursor(selected.range.end, encoding)
        if start.line == end.line == cursor.line and start.column <= cursor.column <= end.column:
            return _with_selected(doc, start, end, selected.text)
    return question_at(doc, params.position, encoding)


def question_at(doc: Document, position: types.Position, encoding: Encoding) -> Question:
    """The question at a position of the document as it is now."""
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
    """The question after accepting the item that is selected in the suggest widget.

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
