"""`textDocument/completion`, for editors without ghost text: the same suggestion as a list item.

Offered only to who asks for it (`completion.enabled`): every other editor would show it twice.
The item stays out of the way of other servers' items: last in order and never preselected.
"""

from __future__ import annotations

from typing import Final

from lsprotocol import types

from sidelong.lsp.answering import NoReply, Reply, reply
from sidelong.lsp.documents import Document
from sidelong.lsp.methods.accepted import acceptance_of
from sidelong.lsp.question import Question, question_at
from sidelong.lsp.server import Server

OPTIONS: Final = types.CompletionOptions(trigger_characters=[".", "(", "[", "{", ",", "="])

LABEL_LENGTH: Final = 60
"""A list of items is as wide as its widest."""


def request_key(uri: str) -> str:
    """Sets requests for lists apart from those for ghost text in the same document."""
    return f"{uri}#completion"


async def completion(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """The suggestion at the cursor; the list is never complete, so that the client asks again."""

    def read(doc: Document) -> Question:
        return question_at(doc, params.position, server.encoding)

    uri = params.text_document.uri
    replied = await reply(server, uri, read, key=request_key(uri))
    if isinstance(replied, NoReply):
        return types.CompletionList(is_incomplete=True, items=[]) if replied.empty else None
    # White space is left of a suggestion that was typed to its end; a list cannot show that.
    items = [_item(server, replied)] if replied.answer.text.strip() else []
    return types.CompletionList(is_incomplete=True, items=items)


def _item(server: Server, replied: Reply) -> types.CompletionItem:
    """The whole word is replaced, since clients compare the text in the range with the item."""
    answer, question = replied.answer, replied.question.with_word()
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
        command=acceptance_of(replied.id),
    )
