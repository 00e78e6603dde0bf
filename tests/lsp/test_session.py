"""A document owns what is remembered about it: closing the document forgets all of that."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from lsprotocol import types

from sidelong.engine.gate import Decision
from sidelong.engine.request import Answer
from sidelong.lsp.documents import Document, Documents
from sidelong.lsp.question import Question
from sidelong.lsp.session import PrefetchTask


def script(tmp_path: Path) -> tuple[str, Path]:
    """A text whose suggestion comes once the file exists."""
    gate = tmp_path / "go"
    return "#! " + json.dumps({"text": "suggested", "hold": gate.as_posix()}) + "\nx$0", gate


async def never() -> None:
    await asyncio.Event().wait()


def open_document(documents: Documents, uri: str = "file:///a.py") -> Document:
    return documents.open(types.TextDocumentItem(uri, "python", 1, "x = "))


def test_a_document_opened_again_remembers_no_suggestion(editor: Any, tmp_path: Path) -> None:
    text, gate = script(tmp_path)
    gate.touch()
    doc = editor.open("again.py", text)
    assert editor.suggestion(doc) == "suggested"
    editor.close(doc)
    doc = editor.open("again.py", text)
    assert editor.suggestion(doc) == "suggested"
    assert not editor.explain(doc)["recalled"]


def test_an_answer_after_the_closing_is_not_remembered(editor: Any, tmp_path: Path) -> None:
    text, gate = script(tmp_path)
    doc = editor.open("late.py", text)
    request = editor.task(editor.ask(doc))
    editor.until(lambda: editor.state == "working")
    editor.close(doc)
    editor.explain()  # The server has seen the close by its answer.
    gate.touch()
    assert editor.run(request) is None
    doc = editor.open("late.py", text)
    assert editor.suggestion(doc) == "suggested"
    assert not editor.explain(doc)["recalled"]


def test_documents_do_not_share_suggestions() -> None:
    documents = Documents()
    one, other = open_document(documents), open_document(documents, "file:///b.py")
    answer = Answer("total", Decision(0.1, 0.5, "threshold", retrieved=False))
    one.session.answers.recall.remember(before="x = ", after="", answer=answer)
    assert other.session.answers.recall.find(before="x = ", after="") is None
    one.session.forget_answers()
    assert one.session.answers.recall.find(before="x = ", after="") is None


async def test_closing_or_opening_again_stops_a_prefetch() -> None:
    documents = Documents()
    for close in (documents.close, lambda _: open_document(documents)):
        doc = open_document(documents)
        task = asyncio.create_task(never())
        question = Question("x = ", 4, 0, "x = ", 4, 4, "")
        doc.session.answers.prefetch = PrefetchTask(question, task)
        close(doc.uri)
        await asyncio.wait([task])
        assert task.cancelled()


def test_settings_that_change_leave_the_newest_request_the_newest() -> None:
    session = open_document(Documents()).session
    session.newest["file:///a.py"] = "7"
    session.forget_answers()
    assert session.newest == {"file:///a.py": "7"}
    session.end()
    assert session.newest == {}
