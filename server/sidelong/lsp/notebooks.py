"""The open notebooks; owned by the event loop.

Each cell is a document of its own. A request in a cell of code is completed in the text of the
whole notebook, which `sidelong_index` joins of its cells; under the notebook's own URI that text
is one more document, so that it shadows the notebook's file.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Notebooks:
    """Every open notebook by its URI, with its cells among the documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._by_uri: dict[str, Notebook] = {}

    def open(
        self, notebook: types.NotebookDocument, texts: Sequence[types.TextDocumentItem]
    ) -> Document:
        """Add a notebook and its cells; returns the document of the whole."""
        new = self._by_uri[unquote(notebook.uri)] = Notebook.of(notebook)
        for item in texts:
            self._documents.open(item, notebook=notebook.uri)
        return self._documents.open(types.TextDocumentItem(new.uri, "", 0, self._text(new)))

    def restructure(self, uri: str, change: types.NotebookDocumentCellChanges) -> list[Document]:
        """Add, move and remove cells; returns the documents of those that the client closed.

        Answers that were given between other cells are forgotten.
        """
        before = self._by_uri[unquote(uri)]
        after = self._by_uri[unquote(uri)] = before.changed(change)
        structure = change.structure
        closed = (structure.did_close if structure is not None else None) or ()
        gone = [self._documents.close(cell.uri) for cell in closed]
        for item in (structure.did_open if structure is not None else None) or ():
            self._documents.open(item, notebook=after.uri)
        if after != before:
            self._forget_answers(after, but=())
        return [doc for doc in gone if doc is not None]

    def edit(
        self, uri: str, contents: Sequence[types.NotebookDocumentCellContentChanges], enc: Encoding
    ) -> list[Document]:
        """Change the texts of cells; returns their documents.

        The other cells forget their answers, which were given beside other code.
        """
        edited = []
        for content in contents:
            doc = self._documents.get(content.document.uri)
            if doc is not None:
                doc.change(content.changes, enc)
                edited.append(doc)
        if edited:
            self._forget_answers(self._by_uri[unquote(uri)], but=edited)
        return edited

    def join(self, uri: str) -> Document:
        """The document of the whole notebook, with the cells' texts of this moment."""
        notebook = self._by_uri[unquote(uri)]
        whole = self._documents.get(uri)
        assert whole is not None
        text = types.TextDocumentContentChangeWholeDocument(text=self._text(notebook))
        whole.change([text], Encoding.Utf32)
        return whole

    def is_open(self, uri: str) -> bool:
        """True while the client has the notebook open."""
        return unquote(uri) in self._by_uri

    def close(self, uri: str) -> list[Document]:
        """Forget a notebook; returns its document and those of its cells."""
        notebook = self._by_uri.pop(unquote(uri), None)
        if notebook is None:
            return []
        closed = [self._documents.close(uri) for uri in (uri, *(c.uri for c in notebook.cells))]
        return [doc for doc in closed if doc is not None]

    def around(self, doc: Document) -> tuple[str, str]:
        """The text before and after a cell of code; empty for any other document."""
        notebook = self._by_uri.get(unquote(doc.place))
        i = notebook.index(doc.uri) if notebook is not None else None
        if notebook is None or i is None:
            return "", ""
        return around_cell(self._cells(notebook), i)

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
