"""The state kept of the documents completed last, so that a keystroke costs little.

It never changes an answer: all of it is checked against the text of each request, or follows it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from sidelong.engine.ngram import FileTokens
from sidelong.engine.request import Request
from sidelong.engine.secrets import KnownSecrets
from sidelong.engine.trim import Scanner, Spoils
from sidelong_index import LiveTree

_DOCUMENTS = 8
_GRAMMARS = {"typescriptreact": "tsx", "javascriptreact": "javascript"}
"""The names of grammars where they are not the LSP language ids."""


@dataclass(frozen=True)
class Document:
    """The state kept of one document."""

    tree: LiveTree
    scanner: Scanner = field(default_factory=Scanner)
    tokens: FileTokens = field(default_factory=FileTokens)
    secrets: KnownSecrets = field(default_factory=KnownSecrets)

    def spoils(self, request: Request) -> Spoils:
        """Tells of a text for `request` whether the document parses, and would not with it."""

        def check(text: str, replace_after: int) -> bool:
            start = request.offset
            return self.tree.spoiled_by(request.text, start, start + replace_after, text)

        return check


class Documents:
    """Owned by the thread that completes."""

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[str, str, str], Document] = OrderedDict()  # latest last

    def of(self, request: Request) -> Document:
        """The state of the request's document."""
        key = *request.document, request.language
        if key not in self._latest:
            grammar = _GRAMMARS.get(request.language, request.language)
            self._latest[key] = Document(LiveTree(grammar))
        self._latest.move_to_end(key)
        while len(self._latest) > _DOCUMENTS:
            self._latest.popitem(last=False)
        return self._latest[key]
