"""`textDocument/completion`: the same suggestion in a list, if the setting is on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from sidelong.lsp.methods.completion import LABEL_LENGTH


@pytest.fixture(scope="module")
def listing(editor: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An editor without ghost text, on a scripted server that a module's tests share."""
    folder = tmp_path_factory.mktemp("listing") / "workspace"
    folder.mkdir()
    listing = type(editor)(folder).start(options={"completion": {"enabled": True}})
    yield listing
    assert listing.shut_down() == 0


async def ask(editor: Any, doc: Any) -> Any:
    params = types.CompletionParams(types.TextDocumentIdentifier(doc.uri), doc.position)
    return await editor.client.text_document_completion_async(params)


def complete(editor: Any, doc: Any) -> Any:
    return editor.run(ask(editor, doc))


def item(editor: Any, doc: Any) -> types.CompletionItem:
    completions = complete(editor, doc)
    assert completions is not None
    assert completions.is_incomplete
    assert len(completions.items) == 1
    only: types.CompletionItem = completions.items[0]
    return only


def applied(doc: Any, edit: Any) -> str:
    """The document after the edit, whose columns are code points."""
    lines = doc.text.split("\n")
    start, end = edit.range.start, edit.range.end
    assert start.line == end.line
    line = lines[start.line]
    lines[start.line] = line[: start.character] + edit.new_text + line[end.character :]
    return "\n".join(lines)


def test_it_is_not_offered_unless_asked_for(editor: Any) -> None:
    assert editor.result.capabilities.completion_provider is None


def test_it_is_announced_where_asked_for(listing: Any) -> None:
    assert listing.result.capabilities.completion_provider is not None
    assert listing.result.capabilities.inline_completion_provider is not None


@pytest.mark.parametrize("file", ["completion.enabled = true\n", "completion.enabled = 3\n"])
def test_the_users_file_may_ask_for_it(new_editor: Any, tmp_path: Path, file: str) -> None:
    (tmp_path / "config.toml").write_text(file)
    editor = new_editor().start()
    assert bool(editor.result.capabilities.completion_provider) is ("true" in file)


def test_the_command_line_may_ask_for_it(new_editor: Any) -> None:
    editor = new_editor()
    editor.start(*editor.serve, "--completion")
    assert editor.result.capabilities.completion_provider is not None


def test_the_word_that_was_begun_is_part_of_the_item(listing: Any) -> None:
    doc = listing.open("word.py", '#! {"text": "gth(a)"}\nx = len$0\n')
    entry = item(listing, doc)
    assert (entry.label, entry.filter_text) == ("length(a)", "length(a)")
    assert applied(doc, entry.text_edit).splitlines()[1] == "x = length(a)"
    assert isinstance(entry.text_edit, types.TextEdit)
    assert entry.text_edit.range == types.Range(types.Position(1, 4), types.Position(1, 7))


def test_where_no_word_was_begun_it_is_inserted(listing: Any) -> None:
    doc = listing.open("insert.py", '#! {"text": "length(a)"}\nx = $0\n')
    entry = item(listing, doc)
    assert entry.label == "length(a)"
    assert applied(doc, entry.text_edit).splitlines()[1] == "x = length(a)"


def test_what_stands_there_already_is_not_doubled(listing: Any) -> None:
    doc = listing.open("cover.py", '#! {"text": "b)", "replace_after": 1}\nf(a$0)\n')
    entry = item(listing, doc)
    assert applied(doc, entry.text_edit).splitlines()[1] == "f(ab)"


def test_where_only_white_space_is_left_the_list_is_empty(listing: Any) -> None:
    doc = listing.open("space.py", '#! {"text": "a) "}\nf($0+ b')
    assert item(listing, doc).label == "a)"
    listing.type(doc, "a)")
    assert complete(listing, doc).items == ()


def test_all_lines_are_inserted_as_they_are(listing: Any) -> None:
    doc = listing.open("lines.py", '#! {"text": "ise:\\n        x()\\n"}\n    other$0\n')
    entry = item(listing, doc)
    assert entry.label == "otherise:"
    assert entry.insert_text_mode == types.InsertTextMode.AsIs
    assert "    otherise:\n        x()\n" in applied(doc, entry.text_edit)
    assert entry.documentation == "otherise:\n        x()\n"


def test_a_line_end_at_the_cursor_makes_no_empty_label(listing: Any) -> None:
    doc = listing.open("below.py", '#! {"text": "\\n    pass"}\nif x:$0\n')
    assert item(listing, doc).label == "pass"


def test_a_long_label_is_cut_and_the_text_is_not(listing: Any) -> None:
    doc = listing.open("long.py", '#! {"text": "%s"}\n$0\n' % ("ab" * 100))
    entry = item(listing, doc)
    assert len(entry.label) == LABEL_LENGTH
    assert entry.text_edit is not None
    assert entry.text_edit.new_text == entry.filter_text == "ab" * 100


def test_it_stays_out_of_the_way_of_other_items(listing: Any) -> None:
    doc = listing.open("quiet.py", '#! {"text": "1"}\n$0')
    entry = item(listing, doc)
    assert entry.preselect is False
    assert entry.sort_text is not None
    assert entry.sort_text > "zzzz"


def test_nothing_to_suggest_is_an_empty_list_that_is_asked_for_again(listing: Any) -> None:
    doc = listing.open("nothing.py", "#! {}\n$0")
    completions = complete(listing, doc)
    assert (completions.is_incomplete, list(completions.items)) == (True, [])
    assert listing.explain(doc)["outcome"] == "empty"


def test_typing_along_needs_no_model(listing: Any) -> None:
    doc = listing.open("typing.py", '#! {"text": "length({asked})"}\n$0')
    whole = item(listing, doc).label
    listing.type(doc, "len")
    assert item(listing, doc).label == whole
    assert listing.explain(doc)["recalled"]


def test_a_newer_request_supersedes_the_older(listing: Any, tmp_path: Path) -> None:
    gate = tmp_path / "go"
    doc = listing.open("newer.py", f'#! {{"text": "1", "hold": "{gate.as_posix()}"}}\n$0')
    older = listing.task(ask(listing, doc))
    listing.until(lambda: listing.state == "working")
    newer = listing.task(ask(listing, doc))
    assert listing.run(older) is None
    gate.touch()
    assert listing.run(newer).items[0].label == "1"


def test_acceptance_reaches_the_server(listing: Any) -> None:
    doc = listing.open("taken.py", '#! {"text": "1"}\n$0')
    command = item(listing, doc).command
    assert command is not None
    listing.run(
        listing.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command.command, command.arguments)
        )
    )
    assert listing.explain(doc)["accepted"]
