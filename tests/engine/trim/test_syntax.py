"""A text that would spoil a document that parses is shortened until it does not."""

from sidelong.engine.documents import Documents
from sidelong.engine.request import Request
from sidelong.engine.trim import Trimmer


def trimmed(document: str, text: str, *, language: str = "python") -> str:
    """The document once what is left of `text` is accepted, in «»."""
    before, after = document.split("$0")
    request = Request("a", language, before + after, len(before))
    spoils = Documents().of(request).spoils(request)
    found = Trimmer.at(before, after, language, 8, spoils=spoils).trim(text)
    assert found.text == text or "syntax" in found.reason
    return f"{before}«{found.text}»{after[found.replace_after :]}"


def test_it_ends_before_the_line_that_does_not_parse() -> None:
    assert trimmed("def f():\n    $0\n", "a = 1\n    b = = 2") == "def f():\n    «a = 1»\n"


def test_it_ends_behind_a_word_of_the_line() -> None:
    document = "type A = B<Text$0, Props>;\n"
    found = trimmed(document, "Area> {}", language="typescript")
    assert found == "type A = B<Text«Area», Props>;\n"


def test_nothing_is_left_where_no_beginning_parses() -> None:
    assert trimmed("x = 1$0\n", " = = 2") == "x = 1«»\n"


def test_a_block_may_be_begun() -> None:
    document = "function f() {\n  $0\n}\n"
    found = trimmed(document, "if (x) {", language="javascript")
    assert found == "function f() {\n  «if (x) {»\n}\n"


def test_a_docstring_may_be_begun() -> None:
    document = "def f():\n    $0\n    return 1\n"
    found = trimmed(document, '"""Return one,')
    assert found == 'def f():\n    «"""Return one,»\n    return 1\n'


def test_a_document_with_an_error_is_left_to_the_rules() -> None:
    assert trimmed("x = (\ny = 1$0\n", " = = 2") == "x = (\ny = 1« = = 2»\n"


def test_a_language_without_a_grammar_is_left_to_the_rules() -> None:
    assert trimmed("x = 1$0\n", " = = 2", language="plaintext") == "x = 1« = = 2»\n"
