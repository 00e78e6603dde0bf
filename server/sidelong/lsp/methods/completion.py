"""`textDocument/completion`, for editors without ghost text: the same suggestion as a list item.

Offered only if the setting `completion.enabled` is on: an editor with ghost text would show the
suggestion twice.
The item stays out of the way of other servers' items: last in order and never preselected.
"""

from __future__ import annotations

from typing import Final

from lsprotocol import types

from sidelong.lsp.answering import NoSuggestion, suggest
from sidelong.lsp.documents import Document
from sidelong.lsp.methods.accepted import acceptance_of
from sidelong.lsp.question import Question
from sidelong.lsp.reading import question_at
from sidelong.lsp.server import Server
from sidelong.lsp.suggestion import Suggestion

OPTIONS: Final = types.CompletionOptions(trigger_characters=[".", "(", "[", "{", ",", "="])

LABEL_LENGTH: Final = 60
"""Characters; a list of items is as wide as its widest item."""


def request_key(uri: str) -> str:
    """The key of requests for lists, apart from that of requests for ghost text in the document."""
    return f"{uri}#completion"


async def completion(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """The suggestion at the cursor; the list is never complete, so the client asks again."""

    def read(doc: Document) -> Question:
        return question_at(doc, params.position, server.encoding)

    uri = params.text_document.uri
    suggestion = await suggest(server, uri, read, key=request_key(uri))
    if isinstance(suggestion, NoSuggestion):
        return types.CompletionList(is_incomplete=True, items=[]) if suggestion.empty else None
    # A suggestion typed almost to its end may have only white space left, which a list cannot show.
    items = [_item(server, suggestion)] if suggestion.answer.text.strip() else []
    return types.CompletionList(is_incomplete=True, items=items)


def _item(server: Server, suggestion: Suggestion) -> types.CompletionItem:
    """The item replaces the whole word: clients compare the text in the range with the item."""
    answer, question = suggestion.answer, suggestion.question.with_word()
    text, span = question.item(
        answer.text, replace_after=answer.replace_after, encoding=server.encoding
    )
    first, *more = text.strip().splitlines()
    return types.CompletionItem(
        label=first if len(first) <= LABEL_LENGTH else first[: LABEL_LENGTH - 1] + "…",
        kind=types.CompletionItemKind.Text,
        detail="sidelong",
        documentation=text if more else None,
        preselect=False,
        sort_text="~sidelong",
        filter_text=first,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=span, new_text=text),
        command=acceptance_of(suggestion.id),
    )
