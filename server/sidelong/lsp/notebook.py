"""A notebook: the order and the kinds of its cells, as a value; their texts are documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from lsprotocol import types


@dataclass(frozen=True)
class CellPlace:
    """A cell's document, by its URI, and its kind."""

    uri: str
    is_code: bool

    @staticmethod
    def of(cell: types.NotebookCell) -> CellPlace:
        """The cell as the client describes it."""
        return CellPlace(unquote(cell.document), cell.kind is types.NotebookCellKind.Code)


@dataclass(frozen=True)
class Notebook:
    """An open notebook."""

    uri: str
    cells: tuple[CellPlace, ...]

    @staticmethod
    def of(notebook: types.NotebookDocument) -> Notebook:
        """The notebook as the client describes it."""
        return Notebook(notebook.uri, tuple(map(CellPlace.of, notebook.cells)))

    def changed(self, change: types.NotebookDocumentCellChanges) -> Notebook:
        """The notebook after cells have come, gone, or changed their kinds."""
        spliced = self if change.structure is None else self._spliced(change.structure.array)
        return spliced._with_kinds(change.data or ())

    def index(self, uri: str) -> int | None:
        """The place of a code cell in the order; None if the notebook has no such cell."""
        place = CellPlace(unquote(uri), is_code=True)
        return self.cells.index(place) if place in self.cells else None

    def _spliced(self, change: types.NotebookCellArrayChange) -> Notebook:
        end = change.start + change.delete_count
        new = map(CellPlace.of, change.cells or ())
        return replace(self, cells=(*self.cells[: change.start], *new, *self.cells[end:]))

    def _with_kinds(self, cells: Sequence[types.NotebookCell]) -> Notebook:
        new = {place.uri: place for place in map(CellPlace.of, cells)}
        return replace(self, cells=tuple(new.get(cell.uri, cell) for cell in self.cells))
