"""`textDocument/inlineCompletion`: ghost text at the cursor.

Every request gets one answer. It is the items; or `[]` if there is nothing to show, which removes
the suggestion on the screen; or `null` if the answer would be about another text than the one on
the screen, which leaves the suggestion there.
A request by hand gets alternatives too, an automatic one gets one item.
"""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.answering import NoSuggestion, suggest
from sidelong.lsp.documents import Document
from sidelong.lsp.methods.accepted import acceptance_of
from sidelong.lsp.question import Question
from sidelong.lsp.reading import read_question
from sidelong.lsp.server import Server
from sidelong.lsp.suggestion import Suggestion


async def inline_completion(
    server: Server, params: types.InlineCompletionParams
) -> list[types.InlineCompletionItem] | None:
    """The suggestions at the cursor, the first one first."""

    def read(doc: Document) -> Question:
        return read_question(doc, params, server.encoding)

    by_hand = params.context.trigger_kind != types.InlineCompletionTriggerKind.Automatic
    suggestion = await suggest(server, params.text_document.uri, read, by_hand=by_hand)
    if isinstance(suggestion, NoSuggestion):
        return [] if suggestion.empty else None
    return _items(server, suggestion)


def _items(server: Server, suggestion: Suggestion) -> list[types.InlineCompletionItem]:
    items = []
    for which, answer in enumerate((suggestion.answer, *suggestion.answer.alternatives)):
        text, span = suggestion.question.item(
            answer.text, replace_after=answer.replace_after, encoding=server.encoding
        )
        command = acceptance_of(suggestion.id, which)
        items.append(types.InlineCompletionItem(insert_text=text, range=span, command=command))
    return items
