"""The open notebooks; owned by the event loop.

Each cell is a document of its own. A request in a cell of code is completed in the text of the
whole notebook, which `sidelong_index` joins of its cells; under the notebook's own URI that text
is one more document, so that it shadows the notebook's file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from lsprotocol import types

from sidelong.lsp.convert import Encoding
from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.notebook import Notebook
from sidelong_index import Cell, around_cell, join_cells

SYNCHRONISED: Final = types.NotebookDocumentSyncOptions(
    notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="*")]
)
"""All cells of every notebook: Markdown is not completed, but it explains the code."""


@dataclass
class _Open:
    """A notebook with the document of its whole text."""

    notebook: Notebook
    whole: Document


class Notebooks:
    """Every open notebook by its URI, with its cells among the documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._by_uri: dict[str, _Open] = {}

    def open(
        self, document: types.NotebookDocument, texts: Sequence[types.TextDocumentItem]
    ) -> Document:
        """Add a notebook and its cells; returns the document of the whole."""
        notebook = Notebook.of(document)
        for item in texts:
            self._documents.open(item, notebook=notebook.uri)
        whole = types.TextDocumentItem(notebook.uri, "", 0, self._text(notebook))
        # The client may have the same file open as JSON, in another tab.
        known = self._documents.get(notebook.uri) is not None
        doc = (Documents() if known else self._documents).open(whole)
        self._by_uri[unquote(notebook.uri)] = _Open(notebook, doc)
        return doc

    def is_open(self, uri: str) -> bool:
        """True while the client has the notebook open."""
        return unquote(uri) in self._by_uri

    def restructure(self, uri: str, change: types.NotebookDocumentCellChanges) -> list[Document]:
        """Add, move and remove cells; returns the documents of those that the client closed.

        Answers that were given between other cells are forgotten.
        """
        this = self._by_uri[unquote(uri)]
        before, this.notebook = this.notebook, this.notebook.changed(change)
        structure = change.structure
        closed = (structure.did_close if structure is not None else None) or ()
        gone = [self._documents.close(cell.uri) for cell in closed]
        for item in (structure.did_open if structure is not None else None) or ():
            self._documents.open(item, notebook=this.notebook.uri)
        if this.notebook != before:
            self._forget_answers(this.notebook, but=())
        return [doc for doc in gone if doc is not None]

    def edit(
        self,
        uri: str,
        contents: Sequence[types.NotebookDocumentCellContentChanges],
        encoding: Encoding,
    ) -> list[Document]:
        """Change the texts of cells; returns their documents.

        The other cells forget their answers, which were given beside other code.
        """
        edited = []
        for content in contents:
            doc = self._documents.get(content.document.uri)
            if doc is not None:
                doc.change(content.changes, encoding)
                edited.append(doc)
        if edited:
            self._forget_answers(self._by_uri[unquote(uri)].notebook, but=edited)
        return edited

    def join(self, uri: str) -> Document:
        """The document of the whole notebook, with the cells' texts of this moment."""
        this = self._by_uri[unquote(uri)]
        text = types.TextDocumentContentChangeWholeDocument(text=self._text(this.notebook))
        this.whole.change([text], Encoding.Utf32)
        return this.whole

    def close(self, uri: str) -> list[Document]:
        """Forget a notebook; returns the documents of its whole text and of its cells."""
        this = self._by_uri.pop(unquote(uri), None)
        if this is None:
            return []
        if self._documents.get(uri) is this.whole:
            self._documents.close(uri)
        cells = [self._documents.close(cell.uri) for cell in this.notebook.cells]
        return [this.whole, *(doc for doc in cells if doc is not None)]

    def around(self, doc: Document) -> tuple[str, str]:
        """The text before and after a cell of code; empty for any other document."""
        this = self._by_uri.get(unquote(doc.place))
        i = this.notebook.index(doc.uri) if this is not None else None
        if this is None or i is None:
            return "", ""
        return around_cell(self._cells(this.notebook), i)

    def _text(self, notebook: Notebook) -> str:
        cells = self._cells(notebook)
        language = next((cell.language for cell in cells if cell.language), "python")
        return join_cells(cells, language)

    def _cells(self, notebook: Notebook) -> list[Cell]:
        docs = [(cell, self._documents.get(cell.uri)) for cell in notebook.cells]
        return [
            Cell(doc.text, doc.language if cell.is_code else "") if doc is not None else Cell("")
            for cell, doc in docs
        ]

    def _forget_answers(self, notebook: Notebook, *, but: Sequence[Document]) -> None:
        for cell in notebook.cells:
            doc = self._documents.get(cell.uri)
            if doc is not None and doc not in but:
                doc.session.forget_answers()
