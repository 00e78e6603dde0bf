"""`textDocument/inlineCompletion` by the rules that editors forced, with a scripted model."""

from __future__ import annotations

from typing import Any

from lsprotocol import types


def span(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


def test_the_method_is_announced_statically(editor: Any) -> None:
    provider = editor.result.capabilities.inline_completion_provider
    assert provider == types.InlineCompletionOptions()


def test_a_suggestion_is_inserted_at_the_cursor(editor: Any) -> None:
    doc = editor.open("a.py", '#! {"text": "1 + 1"}\nx = $0\n')
    (item,) = editor.complete(doc)
    assert item.insert_text == "1 + 1"
    assert item.range == span(1, 4, 4)


def test_the_model_sees_both_sides_of_the_cursor(editor: Any) -> None:
    doc = editor.open("both.py", '#! {"text": "{left}|{right}"}\nleft$0right\nbelow\n')
    assert editor.suggestion(doc) == "left|right"


def test_a_duplicated_suffix_is_covered_by_the_range(editor: Any) -> None:
    doc = editor.open("suffix.py", '#! {"text": "x)", "replace_after": 1}\nprint($0)\n')
    (item,) = editor.complete(doc)
    assert item.insert_text == "x)"
    assert item.range == span(1, 6, 7)


def test_the_range_never_leaves_the_line(editor: Any) -> None:
    doc = editor.open("short.py", '#! {"text": "x", "replace_after": 99}\nprint($0)\n')
    (item,) = editor.complete(doc)
    assert item.range == span(1, 6, 7)


def test_a_selected_completion_is_extended(editor: Any) -> None:
    doc = editor.open("select.py", '#! {"text": "({left})"}\n    obj.pr$0 + 1\n')
    selected = types.SelectedCompletionInfo(range=span(1, 8, 10), text="print_all")
    (item,) = editor.complete(doc, selected=selected)
    assert item.insert_text == "print_all(    obj.print_all)"
    assert item.range == span(1, 8, 10)


def test_a_selection_that_replaces_the_word_after_the_cursor_is_extended(editor: Any) -> None:
    doc = editor.open("replace.py", '#! {"text": "(){right}"}\npr$0ant + 1\n')
    selected = types.SelectedCompletionInfo(range=span(1, 0, 5), text="print")
    (item,) = editor.complete(doc, selected=selected)
    assert item.insert_text == "print() + 1"
    assert item.range == span(1, 0, 5)


def test_a_selection_somewhere_else_is_ignored(editor: Any) -> None:
    doc = editor.open("odd.py", '#! {"text": "y"}\nx$0\n')
    selected = types.SelectedCompletionInfo(range=span(0, 0, 1), text="z")
    (item,) = editor.complete(doc, selected=selected)
    assert (item.insert_text, item.range) == ("y", span(1, 1, 1))


def test_nothing_to_suggest_is_an_empty_list_with_a_reason(editor: Any) -> None:
    doc = editor.open("empty.py", '#! {"text": "", "reason": "suffix-overlap"}\n$0')
    assert editor.complete(doc) == []
    record = editor.explain(doc)
    assert (record["outcome"], record["reason"]) == ("empty", "suffix-overlap")


def test_a_failure_is_null_with_a_reason(editor: Any) -> None:
    doc = editor.open("crash.py", '#! {"crash": "oh"}\n$0')
    assert editor.complete(doc) is None
    record = editor.explain(doc)
    assert (record["outcome"], record["reason"]) == ("failed", "RuntimeError")


def test_line_ends_of_windows_are_kept_out_of_the_line(editor: Any) -> None:
    doc = editor.open("crlf.py", '#! {"text": "[{left}|{right}]"}\r\na = b$0\r\n')
    assert editor.suggestion(doc) == "[a = b|\r]"


def test_acceptance_reaches_the_server(editor: Any) -> None:
    doc = editor.open("accept.py", '#! {"text": "yes"}\n$0')
    (item,) = editor.complete(doc)
    assert not editor.explain(doc)["accepted"]
    editor.run(
        editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(item.command.command, item.command.arguments)
        )
    )
    assert editor.explain(doc)["accepted"]


def test_every_request_is_explained_with_what_it_cost(editor: Any) -> None:
    doc = editor.open("explain.py", '#! {"text": "1"}\n$0')
    editor.complete(doc)
    record = editor.explain(doc)
    assert record["outcome"] == "shown"
    assert record["gate"] == {
        "probability": 0.25,
        "threshold": 0.5,
        "rule": "threshold",
        "retrieved": False,
        "corrected": None,
        "kept": False,
    }
    assert record["tokens"] == {"prompt": 10, "evaluated": 2, "generated": 3, "policy": 0}
    assert set(record["ms"]) == {"look", "total"}


def test_every_request_is_one_line_of_the_log_without_code(editor: Any) -> None:
    doc = editor.open("traced.py", '#! {"text": "1"}\nsecret = $0')
    editor.complete(doc)
    editor.close(doc)
    assert editor.complete(doc) is None
    lines = [line for line in editor.log.read_text().splitlines() if "traced.py: " in line]
    assert len(lines) == 2
    assert "abstained by threshold, p 0.250 threshold 0.500" in lines[0]
    assert "tokens 10 prompt 2 evaluated 3 generated" in lines[0]
    assert "not ready, reason 'the document is not open'" in lines[1]
    log = editor.log.read_text()
    assert "secret" not in log
    assert str(editor.folder) not in "".join(lines)


def test_untitled_documents_are_completed(editor: Any) -> None:
    doc = editor.open("", '#! {"text": "{path}"}\n$0', uri="untitled:Untitled-1")
    assert editor.suggestion(doc) == "Untitled-1"


def test_documents_outside_every_folder_are_completed_without_retrieval(editor: Any) -> None:
    doc = editor.open("", '#! {"text": "{path} {snapshot}"}\n$0', uri="file:///else/where.py")
    assert editor.suggestion(doc) == "where.py False"


def test_documents_of_a_folder_are_completed_with_its_index(editor: Any) -> None:
    doc = editor.open("sub dir/ä.py", '#! {"text": "{path} {snapshot}"}\n$0')
    assert editor.suggestion(doc) == "sub dir/ä.py True"
