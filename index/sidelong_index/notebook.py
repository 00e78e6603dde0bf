"""Notebooks as the index and a model read them: one text, the sources of the cells in their order.

A blank line stands between two cells. Code in the notebook's language is as it is; Markdown, raw
text and code in another language are comments. Outputs never enter.
The line numbers of a notebook count the lines of this text, so that running a cell moves none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

MAX_BYTES = 4 * 1024 * 1024
"""Of a file with its outputs. To parse so much takes 0.02 s, 0.1 s for many short strings (2026-11,
one slow core), and no other thread runs meanwhile."""

_BETWEEN = "\n\n"
_DEFAULT = "python"
_NAMED = " language: "

_REMARKS: Mapping[str, str] = MappingProxyType(
    {
        language: remark
        for remark, languages in {
            "//": (
                "javascript javascriptreact typescript typescriptreact c cpp csharp fsharp java"
                " kotlin scala groovy go rust swift dart php"
            ),
            "--": "sql lua haskell",
            "%": "matlab latex prolog erlang",
        }.items()
        for language in languages.split()
    }
)
"""Language -> the start of a comment, where that is not `#`."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook."""

    text: str
    language: str = ""
    """The LSP language id of code; empty for anything else."""


def is_notebook(path: str) -> bool:
    """True for the name of a Jupyter notebook."""
    return path.lower().endswith(".ipynb")


def join_cells(cells: Sequence[Cell], language: str) -> str:
    """The text of a notebook in `language`."""
    return _BETWEEN.join(_blocks(cells, language))


def around_cell(cells: Sequence[Cell], i: int) -> tuple[str, str]:
    """The text before and after the code cell `i`, joined for that cell's language."""
    blocks = _blocks(cells, cells[i].language)
    at = len(blocks) - len(cells) + i
    before = "".join(block + _BETWEEN for block in blocks[:at])
    return before, "".join(_BETWEEN + block for block in blocks[at + 1 :])


def language_of_text(text: str) -> str:
    """The language of a notebook's text: its first line names any but Python."""
    first = text[: text.find("\n")] if "\n" in text else text
    remark, named, language = first.partition(_NAMED)
    return language if named and remark == _remark(language) else _DEFAULT


def text_of(source: str) -> str | None:
    """The text of a notebook in nbformat 4, the JSON of a `.ipynb`; None if it is no such JSON."""
    try:
        return _text_of(json.loads(source))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _text_of(notebook: Any) -> str | None:
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        return None
    language = _language(notebook.get("metadata", {}))
    return join_cells([_cell(cell, language) for cell in notebook["cells"]], language)


def _cell(cell: Any, language: str) -> Cell:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    if cell.get("cell_type") != "code":
        return Cell(text)
    # VS Code's mark on a cell whose language is not the notebook's.
    own = cell.get("metadata", {}).get("vscode", {}).get("languageId")
    return Cell(text, own if isinstance(own, str) and own else language)


def _language(metadata: Any) -> str:
    """The LSP id of the language that the kernel runs."""
    name = metadata.get("language_info", {}).get("name")
    name = name or metadata.get("kernelspec", {}).get("language") or _DEFAULT
    name = str(name).lower()
    return "cpp" if name.startswith("c++") else name


def _blocks(cells: Sequence[Cell], language: str) -> list[str]:
    named = [] if language == _DEFAULT else [f"{_remark(language)}{_NAMED}{language}"]
    return [*named, *(_block(cell, language) for cell in cells)]


def _block(cell: Cell, language: str) -> str:
    if cell.language == language:
        return cell.text
    remark = _remark(language)
    lines = cell.text.split("\n")
    return "\n".join(f"{remark} {line}" if line.strip() else remark for line in lines)


def _remark(language: str) -> str:
    return _REMARKS.get(language, "#")
