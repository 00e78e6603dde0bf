"""The case files: a document with the cursor at `$0`, a suggestion, and what becomes of both.

A case file holds a title and three sections:

    === document            (`=== document crlf`: with CRLF line ends)
    === suggestion          (`=== suggestion 3`: at most three lines)
    === result closers      (the rules that fired; the document once accepted, the text in «»)

`UPDATE_EXPECT=1 pytest tests/engine/trim` rewrites the results: read the difference.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from sidelong.engine.trim import Trimmer

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*/*.txt"))
SECTION = re.compile(r"^=== (document|suggestion|result) ?(.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    title: str
    document: str
    crlf: bool
    suggestion: str
    max_lines: int
    result: str


def read(path: Path) -> Case:
    title, _, document_note, document, _, limit, suggestion, _, rules, result = SECTION.split(
        path.read_text(encoding="utf-8")
    )
    assert title.strip(), "a case says in its first line what it shows"
    return Case(
        title,
        document.removesuffix("\n"),
        document_note == "crlf",
        suggestion.removesuffix("\n"),
        int(limit or 8),
        f"=== result {rules}".rstrip() + "\n" + result,
    )


def outcome(case: Case, language: str) -> str:
    document = case.document.replace("\n", "\r\n") if case.crlf else case.document
    before, after = document.split("$0")
    trimmed = Trimmer.at(before, after, language, case.max_lines).trim(case.suggestion)
    result = f"{before}«{trimmed.text}»{after[trimmed.replace_after :]}"
    if case.crlf:
        assert "\n" not in result.replace("\r\n", ""), "a lone line feed in a CRLF document"
        result = result.replace("\r\n", "\n")
    return f"=== result {trimmed.reason}".rstrip() + f"\n{result}\n"


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_case(path: Path) -> None:
    case = read(path)
    found = outcome(case, path.parent.name)
    if os.environ.get("UPDATE_EXPECT") and found != case.result:
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.index("=== result")] + found, encoding="utf-8")
        return
    assert found == case.result


def test_main_languages_have_enough_cases() -> None:
    count = {folder.name: len(list(folder.glob("*.txt"))) for folder in CASES.iterdir()}
    main = ["python", "javascript", "typescript", "go", "rust", "java", "c", "cpp"]
    assert [name for name in main if count.get(name, 0) < 6] == []
    assert count.get("plaintext", 0) >= 3
