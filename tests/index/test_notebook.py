"""Notebooks in the index: the text of the cells, whatever the kernel made of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sidelong_index import Cell, Index, Snapshot, around_cell, build, join_cells
from sidelong_index.notebook import text_of
from sidelong_index.parse import language_of
from sidelong_index.rules import MAX_FILE_BYTES, Skipped, read_text
from sidelong_index.writer import Writer

Plant = Callable[[Mapping[str, str]], Path]


def cell(source: str | list[str], kind: str = "code", **rest: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, **rest}


def notebook(*cells: dict[str, Any], language: str = "python") -> str:
    metadata = {"language_info": {"name": language}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4})


def index(root: Path) -> tuple[Writer, Snapshot]:
    writer = Writer(root)
    assert writer.scan()
    while writer.is_busy:
        writer.step(time.time_ns())
    return writer, writer.snapshot()


def test_code_stands_as_it_is_and_markdown_as_comments() -> None:
    text = text_of(notebook(cell("x = 1"), cell("# Load\n\nit", "markdown"), cell(["y\n", "z"])))
    assert text == "x = 1\n\n# # Load\n#\n# it\n\ny\nz"


def test_a_cell_that_vs_code_marks_as_another_language_is_a_comment() -> None:
    query = cell("select 1", metadata={"vscode": {"languageId": "sql"}})
    assert text_of(notebook(query, cell("x"))) == "# select 1\n\nx"


def test_outputs_never_enter_and_move_no_line() -> None:
    output = {"output_type": "stream", "text": ["a secret number: 42\n"]}
    run = cell("x", outputs=[output], execution_count=7)
    assert text_of(notebook(run, cell("y"))) == text_of(notebook(cell("x"), cell("y")))


@pytest.mark.parametrize(
    ("kernel", "language", "remark"),
    [("python", "python", "#"), ("C++17", "cpp", "//"), ("TypeScript", "typescript", "//")],
)
def test_the_text_says_in_which_language_it_is_cut(kernel: str, language: str, remark: str) -> None:
    text = text_of(notebook(cell("note", "raw"), language=kernel)) or ""
    assert text.endswith(f"{remark} note")
    assert language_of("a/b.ipynb", text) == language


def test_a_language_without_a_grammar_is_cut_by_lines() -> None:
    assert language_of("a.ipynb", text_of(notebook(language="R")) or "") is None


def test_chunks_begin_at_the_statements_of_cells() -> None:
    functions = [f"def f{i}(a):\n" + "    a += 1\n" * 10 + "    return a" for i in range(4)]
    (part,) = build([("a.ipynb", text_of(notebook(*map(cell, functions))) or "")]).parts
    assert part.segment.starts.tolist() == [1, 14, 27]


def test_the_parts_around_a_cell_are_those_of_the_whole() -> None:
    cells = [Cell("x", "cpp"), Cell("text\n"), Cell("y", "cpp"), Cell("", "cpp")]
    before, after = around_cell(cells, 2)
    assert f"{before}y{after}" == join_cells(cells, "cpp")


@pytest.mark.parametrize(
    "broken",
    ["{", "[]", "3", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"source": 3}]}', "[" * 10_000,
     '{"cells": [], "metadata": 3}', '{"cells": [{"source": [3]}]}', '{"worksheets": []}'],
)  # fmt: skip
def test_what_is_no_notebook_costs_that_file_only(plant: Plant, broken: str) -> None:
    root = plant({"broken.ipynb": broken, "good.ipynb": notebook(cell("alpha"))})
    writer, snapshot = index(root)
    assert snapshot.paths() == ["good.ipynb"]
    assert writer.skipped() == {"broken.ipynb": "broken notebook"}


def test_a_large_picture_keeps_no_notebook_out(plant: Plant) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 2 * MAX_FILE_BYTES}}
    root = plant({"plots.ipynb": notebook(cell("alpha beta", outputs=[picture]))})
    (hit,) = index(root)[1].search("alpha beta", k=1)
    assert (hit.path, hit.start_line, hit.text) == ("plots.ipynb", 1, "alpha beta")


def test_a_notebook_has_a_limit_of_its_own(plant: Plant) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 5 * MAX_FILE_BYTES}}
    root = plant({"film.ipynb": notebook(cell("alpha", outputs=[picture]))})
    assert index(root)[0].skipped() == {"film.ipynb": "too large"}


def test_a_key_in_a_cell_is_found() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 4
    assert read_text(notebook(cell(key)).encode(), "a.ipynb") == Skipped("private key")


def test_a_notebook_that_is_open_as_json_is_read_like_a_file(plant: Plant) -> None:
    live = Index(plant({}), watch=False)
    live.start()
    live.open("a.ipynb", notebook(cell("alpha", outputs=[{"text": "beta"}])))
    assert live.wait(60)
    live.stop()
    assert [hit.text for hit in live.snapshot.search("alpha beta", k=1)] == ["alpha"]
