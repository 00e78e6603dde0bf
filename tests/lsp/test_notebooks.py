"""Notebooks: a cell is completed in the text of its notebook, and answered in its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from lsprotocol import types

from sidelong.engine.trim import Trimmer
from sidelong_index import Cell, around_cell

WHOLE = '#! {"text": "{after}§{before}"}'
"""The first line of a notebook in which the scripted model tells all that it reads."""

NUMBERS = count(1)


@dataclass(frozen=True)
class New:
    """A cell to be."""

    text: str
    language: str = "python"

    @property
    def kind(self) -> types.NotebookCellKind:
        code = self.language != "markdown"
        return types.NotebookCellKind.Code if code else types.NotebookCellKind.Markup


@dataclass
class Notebook:
    """A notebook as the editor has it open, with its cells."""

    editor: Any
    path: str
    cells: list[Any] = field(default_factory=list)
    version: int = 1

    @property
    def uri(self) -> str:
        return str((self.editor.folder / self.path).as_uri())

    def open(self, cells: Sequence[New]) -> Notebook:
        cell_params, items = self._new(cells)
        self.cells = [self.editor.doc(i.uri, c.text) for i, c in zip(items, cells, strict=True)]
        kernel: Any = {"language_info": {"name": "python"}}
        document = types.NotebookDocument(
            self.uri, "jupyter-notebook", self.version, cell_params, metadata=kernel
        )
        self.editor.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(document, items)
        )
        return self

    def insert(self, i: int, cell: New) -> None:
        cell_params, items = self._new([cell])
        self.cells.insert(i, self.editor.doc(items[0].uri, cell.text))
        self._splice(i, 0, cell_params, did_open=items)

    def remove(self, i: int) -> Any:
        gone = self.cells.pop(i)
        self._splice(i, 1, [], did_close=[types.TextDocumentIdentifier(gone.uri)])
        return gone

    def swap_first_two(self) -> None:
        """Move the second cell up, by one change, as VS Code does."""
        self.cells[:2] = self.cells[1::-1]
        code = types.NotebookCellKind.Code
        self._splice(0, 2, [types.NotebookCell(code, doc.uri) for doc in self.cells[:2]])

    def make_markdown(self, i: int) -> None:
        markup = types.NotebookCell(types.NotebookCellKind.Markup, self.cells[i].uri)
        self._change(types.NotebookDocumentCellChanges(data=[markup]))

    def type(self, i: int, text: str, *, delete: int = 0) -> None:
        """Type at the cell's cursor, after deleting characters to its right."""
        doc = self.cells[i]
        span = types.Range(doc.position, doc.position_at(doc.cursor + delete))
        edit = types.TextDocumentContentChangePartial(range=span, text=text)
        doc.text = doc.text[: doc.cursor] + text + doc.text[doc.cursor + delete :]
        doc.cursor += len(text)
        doc.version += 1
        identifier = types.VersionedTextDocumentIdentifier(doc.version, doc.uri)
        content = types.NotebookDocumentCellContentChanges(identifier, [edit])
        self._change(types.NotebookDocumentCellChanges(text_content=[content]))

    def close(self) -> None:
        self.editor.client.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(
                types.NotebookDocumentIdentifier(self.uri),
                [types.TextDocumentIdentifier(doc.uri) for doc in self.cells],
            )
        )

    def read(self, i: int) -> tuple[str, str]:
        """The text on both sides of the cell's cursor that the model reads, without `WHOLE`."""
        after, _, before = self.editor.suggestion(self.cells[i]).partition("§")
        head, _, rest = before.partition("\n\n")
        assert head == WHOLE
        return rest, after

    def _new(
        self, cells: Sequence[New]
    ) -> tuple[list[types.NotebookCell], list[types.TextDocumentItem]]:
        place = self.uri.replace("file://", "vscode-notebook-cell:")
        uris = [f"{place}#W{next(NUMBERS)}sZmlsZQ%3D%3D" for _ in cells]
        pairs = list(zip(cells, uris, strict=True))
        texts = [cell.text.replace("$0", "") for cell in cells]
        items = [
            types.TextDocumentItem(uri, cell.language, 1, text)
            for (cell, uri), text in zip(pairs, texts, strict=True)
        ]
        return [types.NotebookCell(cell.kind, uri) for cell, uri in pairs], items

    def _splice(
        self, start: int, delete_count: int, cells: list[types.NotebookCell], **docs: Any
    ) -> None:
        array = types.NotebookCellArrayChange(start, delete_count, cells)
        structure = types.NotebookDocumentCellChangeStructure(array, **docs)
        self._change(types.NotebookDocumentCellChanges(structure=structure))

    def _change(self, cells: types.NotebookDocumentCellChanges) -> None:
        self.version += 1
        identifier = types.VersionedNotebookDocumentIdentifier(self.version, self.uri)
        event = types.NotebookDocumentChangeEvent(cells=cells)
        self.editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(identifier, event)
        )


def notebook(editor: Any, *cells: str | New, path: str = "") -> Notebook:
    """An open notebook; a cell that is given as text is Python."""
    editor.until(lambda: "ready" in [status["state"] for status in editor.statuses])
    new = [cell if isinstance(cell, New) else New(cell) for cell in cells]
    return Notebook(editor, path or f"book_{next(NUMBERS)}.ipynb").open(new)


def test_notebooks_are_announced_to_clients_that_have_them(raw: Any) -> None:
    synchronisation = {"synchronization": {"executionSummarySupport": True}}
    result = raw.initialize(capabilities={"notebookDocument": synchronisation})
    assert result["capabilities"]["notebookDocumentSync"] == {
        "notebookSelector": [{"notebook": "*"}]
    }


def test_a_cell_is_read_between_the_others(editor: Any) -> None:
    book = notebook(editor, WHOLE, "x = 1", "y = $0 + 1", "print(y)\n", "z")
    assert book.read(2) == ("x = 1\n\ny = ", " + 1\n\nprint(y)\n\n\nz")


def test_the_answer_lies_in_the_cell_alone(editor: Any) -> None:
    book = notebook(editor, '#! {"text": "z", "replace_after": 9}', "y = $0)", "print(y)")
    (item,) = editor.complete(book.cells[1])
    assert item.insert_text == "z"
    assert item.range == types.Range(types.Position(0, 4), types.Position(0, 5))


def test_markdown_between_is_read_as_comments(editor: Any) -> None:
    title = New("# Load\n\nthe *data*", "markdown")
    book = notebook(editor, WHOLE, "x = 1", title, "y = $0")
    assert book.read(3) == ("x = 1\n\n# # Load\n#\n# the *data*\n\ny = ", "")


def test_code_in_another_language_is_read_as_comments(editor: Any) -> None:
    book = notebook(editor, WHOLE, New("select 1", "sql"), "y = $0")
    assert book.read(2) == ("# select 1\n\ny = ", "")


def test_a_markdown_cell_is_completed_by_itself(editor: Any) -> None:
    prose = New('#! {"text": "{left}|{language}"}\nSome $0', "markdown")
    book = notebook(editor, "x = 1", prose, "y = 2")
    assert editor.suggestion(book.cells[1]) == "Some |markdown"


def test_an_edit_of_one_cell_is_seen_from_the_others(editor: Any) -> None:
    book = notebook(editor, WHOLE, "x = $01", "y = $0")
    assert book.read(2)[0] == "x = 1\n\ny = "
    book.type(1, "2", delete=1)
    assert book.read(2)[0] == "x = 2\n\ny = "


def test_typing_along_asks_no_model_though_cells_surround_it(editor: Any) -> None:
    book = notebook(editor, '#! {"text": "name + {asked}"}', "y = $0", "print(y)")
    suggested = editor.suggestion(book.cells[1])
    book.type(1, "name")
    assert editor.suggestion(book.cells[1]) == suggested.removeprefix("name")
    assert editor.explain(book.cells[1])["recalled"]


def test_cells_come_go_and_move(editor: Any) -> None:
    book = notebook(editor, WHOLE, "a = 1", "$0")
    book.insert(2, New("b = 2"))
    assert book.read(3)[0] == "a = 1\n\nb = 2\n\n"
    book.insert(1, New("c = 3"))
    book.swap_first_two()
    book.swap_first_two()
    assert book.read(4)[0] == "c = 3\n\na = 1\n\nb = 2\n\n"
    gone = book.remove(2)
    assert book.read(3)[0] == "c = 3\n\nb = 2\n\n"
    assert editor.complete(gone) is None
    assert editor.explain(gone)["reason"] == "the document is not open"


def test_a_moved_cell_is_read_in_its_new_place(editor: Any) -> None:
    book = notebook(editor, "x = 1", WHOLE, "$0")
    book.swap_first_two()
    assert book.read(2)[0] == "x = 1\n\n"


def test_code_that_becomes_markdown_becomes_a_comment(editor: Any) -> None:
    book = notebook(editor, WHOLE, "x = 1", "$0")
    book.make_markdown(1)
    assert book.read(2)[0] == "# x = 1\n\n"


def test_a_question_has_the_place_of_the_notebook(editor: Any) -> None:
    book = notebook(editor, '#! {"text": "{path} {snapshot}"}', "$0", path="sub dir/é.ipynb")
    assert editor.suggestion(book.cells[1]) == "sub dir/é.ipynb True"


def test_positions_count_in_the_agreed_units(editor_in_each_encoding: Any) -> None:
    editor = editor_in_each_encoding
    script = '#! {"text": "[{left}|{right}]", "replace_after": 2}'
    book = notebook(editor, f"{script}\n'😀'", "\tx = '😀中'; y$0 = 'é')]", "'😀'")
    book.type(1, "🎉z", delete=2)
    (item,) = editor.complete(book.cells[1])
    assert item.insert_text == "[\tx = '😀中'; y🎉z| 'é')]]"
    start = book.cells[1].units("\tx = '😀中'; y🎉z")
    assert item.range == types.Range(types.Position(0, start), types.Position(0, start + 2))


def test_a_closed_notebook_leaves_no_cell_open(editor: Any) -> None:
    book = notebook(editor, WHOLE, "x = $0")
    book.close()
    assert editor.complete(book.cells[1]) is None
    assert editor.explain(book.cells[1])["reason"] == "the document is not open"


def test_a_notebook_that_is_opened_again_is_the_new_one(editor: Any) -> None:
    book = notebook(editor, WHOLE, "x = 1")
    book.open([New(WHOLE), New("y = 2"), New("$0")])
    assert book.read(2)[0] == "y = 2\n\n"


def test_a_notebook_that_is_open_as_json_too_stays_so(editor: Any) -> None:
    script = '#! {"text": "{left}|{after}"}'
    raw = editor.open("both.ipynb", f"{script}\n{{$0")
    book = notebook(editor, WHOLE, "x = $0", path="both.ipynb")
    book.type(1, "1")
    editor.type(raw, "}")
    assert editor.suggestion(raw) == "{}|"
    book.close()
    editor.type(raw, " ")
    assert editor.suggestion(raw) == "{} |"


def test_a_change_of_a_notebook_that_is_not_open_does_no_harm(editor: Any) -> None:
    book = notebook(editor, WHOLE, "x = $0")
    book.close()
    book.type(1, "1")
    other = notebook(editor, WHOLE, "y = $0")
    assert other.read(1)[0] == "y = "


def test_a_cell_of_an_unknown_notebook_stands_alone_with_the_settings_of_its_folder(
    editor: Any,
) -> None:
    place = (editor.folder / "unknown.ipynb").as_uri().replace("file://", "vscode-notebook-cell:")
    script = '#! {"text": "{path} {snapshot} {left}"}\nx = $0'
    doc = editor.open("", script, uri=f"{place}#W1sZmlsZQ%3D%3D")
    assert editor.suggestion(doc) == "unknown.ipynb True x = "


def test_a_notebook_that_was_never_saved_lies_in_the_first_folder(editor: Any) -> None:
    doc = editor.open(
        "",
        '#! {"text": "{path}"}\n$0',
        uri="vscode-notebook-cell:Untitled-1.ipynb?jupyter-notebook#W0sdW50aXRsZWQ%3D",
    )
    assert editor.suggestion(doc) == "Untitled-1.ipynb"


GADGET = '''def frobnicate_gadget(gadget, strength):
    """Turn the gadget until its frobnication is as strong as asked."""
    while gadget.frobnication < strength:
        gadget.turn(clockwise=True)
        gadget.wait_until_settled()
'''
QUESTION = GADGET.partition("turn(")[0] + "$0"


def chunk_paths(editor: Any, doc: Any) -> set[str]:
    editor.complete(doc, invoked=True)
    return {chunk["path"] for chunk in editor.explain(doc).get("chunks", [])}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("y = x.mean()\n\nprint(y)\nprint(z)", "y = x.mean()"),  # the next cell is there already
        ("y = x.mean()\nz = x.sum()", "y = x.mean()\nz = x.sum()"),
        ("y = (x\n    + 1)", "y = (x\n    + 1)"),
    ],
)
def test_at_the_end_of_a_cell_only_the_next_cell_cuts(written: str, shown: str) -> None:
    cells = [Cell("x = load('don't')", "python"), Cell("", "python"), Cell("print(y)", "python")]
    before, after = around_cell(cells, 1)
    trimmed = Trimmer.at(before, after, "python", max_lines=9).trim(written)
    assert (trimmed.text, trimmed.replace_after) == (shown, 0)


def test_the_second_cell_continues_what_the_first_defines(real_editor: Any) -> None:
    calls = "".join(f"{name} = compute_the_total(item, tax=True)\n" for name in "abcd")
    book = notebook(real_editor, f"def compute_the_total(item, tax): ...\n{calls}", "e = comp$0")
    assert real_editor.suggestion(book.cells[1]).startswith("ute_the_total(item")


def test_an_open_notebook_shadows_its_file_until_it_is_closed(real_editor: Any) -> None:
    real_editor.configure({"retrieval": {"mode": "always"}})
    file = real_editor.folder / "shadowed.ipynb"
    file.write_text(json.dumps({"cells": [], "metadata": {}}), encoding="utf-8")
    doc = real_editor.open("asks_notebooks.py", QUESTION)
    book = notebook(real_editor, "x = 1", "$0", path=file.name)
    book.type(1, GADGET)
    real_editor.until(lambda: file.name in chunk_paths(real_editor, doc))
    book.close()
    real_editor.until(lambda: file.name not in chunk_paths(real_editor, doc))
    real_editor.configure(None)


def test_the_lines_around_the_cursor_are_not_retrieved(real_editor: Any) -> None:
    real_editor.configure({"retrieval": {"mode": "always"}})
    far = "\n".join(f"line_{i} = {i}" for i in range(60))
    book = notebook(real_editor, far, QUESTION, path="own.ipynb")
    other = real_editor.open("asks_own.py", QUESTION)
    real_editor.until(lambda: "own.ipynb" in chunk_paths(real_editor, other))
    real_editor.complete(book.cells[1], invoked=True)
    chunks = real_editor.explain(book.cells[1])["chunks"]
    assert all(c["end_line"] < 52 for c in chunks if c["path"] == "own.ipynb")
    real_editor.configure(None)
