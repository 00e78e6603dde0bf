"""The open documents, as the client last described them; owned by the event loop.

A position is translated by `convert`; a document's suggestions are kept in its `session`.
pygls' own store is not used: it splits lines at form feeds, rejects unknown documents with a
popup and rewrites the whole text on every change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lsprotocol import types

from sidelong.lsp.convert import Encoding, clamp, split_lines, without_lone_surrogates
from sidelong.lsp.session import Session
from sidelong.lsp.uris import notebook_of_cell

Changes = Sequence[types.TextDocumentContentChangeEvent]


@dataclass(frozen=True)
class Cursor:
    """A position in a document, in code points."""

    line: int
    column: int
    offset: int


class Document:
    """An open document; `lines` always hold the whole text, each line with its end."""

    def __init__(self, *, uri: str, language: str, text: str, notebook: str | None = None) -> None:
        self.uri = uri
        self.place = notebook or uri
        """The URI of the file that the document is: of the whole notebook, if it is a cell."""
        self.language = language
        self.lines = split_lines(without_lone_surrogates(text))
        self.revision = 0
        """Counts the changes: the client's own version may be missing or stand still."""
        self.in_step = True
        """False once a change was lost: `text` is then not the client's, and nothing is completed.

        A change of the whole text mends it.
        """
        self.session = Session()
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The whole text; joined once after each change, and only if it is read."""
        if self._text is None:
            self._text = "".join(self.lines)
        return self._text

    @property
    def is_file(self) -> bool:
        """False for a cell, which is a part of a file."""
        return self.place == self.uri

    def cursor(self, position: types.Position, encoding: Encoding) -> Cursor:
        """The position in this text, clamped to it."""
        line, column = clamp(self.lines, position, encoding)
        return Cursor(line, column, sum(map(len, self.lines[:line])) + column)

    def change(self, changes: Changes, encoding: Encoding) -> None:
        """Apply the client's changes; each refers to the text that the one before it left."""
        for change in changes:
            text = without_lone_surrogates(change.text)
            if not isinstance(change, types.TextDocumentContentChangePartial):
                self.lines, self.in_step = split_lines(text), True
            elif self.in_step:
                self._replace(change.range, text, encoding)
        self.revision += 1
        self._text = None

    def lose_step(self) -> None:
        """A change has not come through: end the session; a request that waits is superseded."""
        self.in_step = False
        self.revision += 1
        self.session.end()

    def _replace(self, span: types.Range, text: str, encoding: Encoding) -> None:
        start = clamp(self.lines, span.start, encoding)
        end = max(start, clamp(self.lines, span.end, encoding))
        first, head = start[0], self.lines[start[0]][: start[1]]
        last, tail = end[0], self.lines[end[0]][end[1] :]
        # A "\r" that ends the line above joins a "\n" that now follows it.
        if not head and first > 0 and self.lines[first - 1].endswith("\r"):
            first -= 1
            head = self.lines[first]
        lines = split_lines(head + text + tail)
        if last + 1 < len(self.lines):
            lines.pop()
        self.lines[first : last + 1] = lines


class Documents:
    """Every open document by its URI, however the client spells its percent signs."""

    def __init__(self) -> None:
        self._by_uri: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._by_uri.values()))

    def get(self, uri: str) -> Document | None:
        """The document; None if the client has not opened it."""
        return self._by_uri.get(unquote(uri))

    def named(self, uris: Iterable[str]) -> list[Document]:
        """The open documents among these, with the cells of the notebooks among these."""
        keys = {unquote(uri) for uri in uris}
        return [doc for doc in self if keys & {unquote(doc.uri), unquote(doc.place)}]

    def open(self, item: types.TextDocumentItem, *, notebook: str | None = None) -> Document:
        """Add a document that the client has opened; one that was open already is closed first.

        `notebook` is the URI of the notebook of which it is a cell.
        """
        self.close(item.uri)
        doc = Document(
            uri=item.uri,
            language=str(item.language_id),
            text=item.text,
            notebook=notebook or notebook_of_cell(item.uri),
        )
        self._by_uri[unquote(item.uri)] = doc
        return doc

    def close(self, uri: str) -> Document | None:
        """Forget the document, end its session and return it; None if it was not open."""
        doc = self._by_uri.pop(unquote(uri), None)
        if doc is not None:
            doc.session.end()
        return doc
