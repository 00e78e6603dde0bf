"""`textDocument/inlineCompletion`: ghost text at the cursor.

Whatever happens the request gets one answer: items, `[]` where there is nothing to show (which
takes away what is shown), or `null` where the answer would be about another text than the one on
the screen (which leaves what is shown).
Who asks by hand gets alternatives; what comes by itself is one item.
"""

from __future__ import annotations

from lsprotocol import types

from sidelong.lsp.answering import NoReply, Reply, reply
from sidelong.lsp.documents import Document
from sidelong.lsp.methods.accepted import acceptance_of
from sidelong.lsp.question import Question, read_question
from sidelong.lsp.server import Server


async def inline_completion(
    server: Server, params: types.InlineCompletionParams
) -> list[types.InlineCompletionItem] | None:
    """The suggestions at the cursor, the first one first."""

    def read(doc: Document) -> Question:
        return read_question(doc, params, server.encoding)

    by_hand = params.context.trigger_kind != types.InlineCompletionTriggerKind.Automatic
    replied = await reply(server, params.text_document.uri, read, by_hand=by_hand)
    if isinstance(replied, NoReply):
        return [] if replied.empty else None
    return _items(server, replied)


def _items(server: Server, replied: Reply) -> list[types.InlineCompletionItem]:
    items = []
    for which, answer in enumerate((replied.answer, *replied.answer.alternatives)):
        text, span = replied.question.item(
            answer.text, replace_after=answer.replace_after, encoding=server.encoding
        )
        command = acceptance_of(replied.id, which)
        items.append(types.InlineCompletionItem(insert_text=text, range=span, command=command))
    return items
