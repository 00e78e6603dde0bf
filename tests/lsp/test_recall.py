"""Typing along a suggestion: its rest comes without asking the model.

A document is written with the cursor at `$0`.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.engine.gate import Decision
from sidelong.engine.request import Answer, Tokens
from sidelong.lsp.recall import NEAR, Recall

GATE = Decision(probability=0.1, threshold=0.5, rule="threshold", retrieved=False)


def suggested(text: str, replace_after: int = 0) -> Answer:
    tokens = Tokens(prompt=90, evaluated=7, generated=5)
    return Answer(text, GATE, replace_after, tokens=tokens, ms={"generate": 9.0})


def after_typing(document: str, text: str, typed: str, *, replace_after: int = 0) -> str | None:
    """The document once the recalled rest is accepted, in «»; None if nothing is recalled."""
    recall = Recall()
    before, after = document.split("$0")
    recall.remember(before=before, after=after, answer=suggested(text, replace_after))
    before, after = typed.split("$0")
    rest = recall.find(before=before, after=after)
    return None if rest is None else f"{before}«{rest.text}»{after[rest.replace_after :]}"


def test_typing_the_suggestion_leaves_its_rest() -> None:
    assert after_typing("x = $0\n", "total(a)", "x = tot$0\n") == "x = tot«al(a)»\n"


def test_the_same_cursor_gets_the_same_suggestion() -> None:
    assert after_typing("x = $0\n", "total", "x = $0\n") == "x = «total»\n"


@pytest.mark.parametrize(
    "now",
    [
        "x = tox$0\n",  # something else was typed
        "x = total$0\n",  # all was typed
        "x = total()$0\n",  # more was typed
        "x =$0\n",  # more was deleted
        "y = tot$0\n",  # the text before was edited
        "x = tot$0\n\n",  # the text after was edited
        "x = tot$0",
        "x = tot\n$0",  # the cursor is elsewhere
    ],
)
def test_anything_else_is_not_recalled(now: str) -> None:
    assert after_typing("x = $0\n", "total", now) is None


def test_an_edit_far_away_is_noticed() -> None:
    long = "# line\n" * NEAR
    same = after_typing(f"a{long}x = $0{long}", "total", f"a{long}x = to$0{long}")
    assert same is not None
    assert after_typing(f"a{long}x = $0{long}", "total", f"b{long}x = to$0{long}") is None
    assert after_typing(f"{long}x = $0{long}a", "total", f"{long}x = to$0{long}b") is None


def test_a_bracket_closed_by_the_editor_is_replaced() -> None:
    assert after_typing("f$0\n", "(a, b)", "f($0)\n") == "f(«a, b)»\n"
    assert after_typing("f$0\n", "(a, b) + 1", "f(a$0)\n") == "f(a«, b) + 1»\n"


def test_a_quote_in_a_bracket_closed_by_the_editor_is_replaced() -> None:
    assert after_typing("f$0;", '("a")', 'f("$0");') == 'f("«a")»;'
    assert after_typing("f$0;", '("a", b)', 'f("a$0");') == 'f("a«", b)»;'


def test_a_bracket_that_the_suggestion_leaves_open_stays_closed() -> None:
    assert after_typing("f$0\n", "(a,", "f($0)\n") == "f(«a,»)\n"


def test_brackets_within_what_is_left_are_not_mistaken_for_the_closing_one() -> None:
    assert after_typing("f$0\n", "(g(a), b)", "f($0)\n") == "f(«g(a), b)»\n"


def test_the_closed_bracket_is_typed_over() -> None:
    assert after_typing("f$0\n", "(a) + b", "f(a)$0\n") == "f(a)« + b»\n"


def test_a_covered_bracket_stays_covered_while_typing() -> None:
    assert after_typing("f($0)\n", "a, b)", "f(a$0)\n", replace_after=1) == "f(a«, b)»\n"
    assert after_typing("f($0)\n", "g(a))", "f(g($0))\n", replace_after=1) == "f(g(«a))»\n"


def test_a_covered_bracket_is_typed_over() -> None:
    assert after_typing("f($0)\n", "a) + b", "f(a)$0\n", replace_after=1) == "f(a)« + b»\n"


def test_only_the_bracket_left_to_type_is_nothing_to_suggest() -> None:
    assert after_typing("f($0)\n", "a)", "f(a$0)\n", replace_after=1) is None
    assert after_typing("f$0\n", "(a)", "f(a$0)\n") is None


def test_enter_between_brackets_moves_the_closing_one_down() -> None:
    body = "\n    go();\n}"
    assert after_typing("f() {$0}", body, "f() {\n    $0\n}", replace_after=1) == (
        "f() {\n    «go();»\n}"
    )
    assert after_typing("f() $0;", "{" + body, "f() {\n    $0\n};") == "f() {\n    «go();»\n};"


def test_brackets_that_nobody_opened_are_an_edit() -> None:
    assert after_typing("f$0\n", "oo()", "fo$0)\n") is None


def test_deleting_what_was_typed_comes_back_to_the_suggestion() -> None:
    recall = Recall()
    recall.remember(before="x = ", after="\n", answer=suggested("total"))
    recall.remember(before="x = s", after="\n", answer=suggested("um"))
    rest = recall.find(before="x = ", after="\n")
    assert rest is not None
    assert rest.text == "total"


def test_the_latest_suggestion_wins() -> None:
    recall = Recall()
    recall.remember(before="x = ", after="\n", answer=suggested("total"))
    recall.remember(before="x = t", after="\n", answer=suggested("ime()"))
    for text in ("ask", "rue"):
        recall.remember(before="x = t", after="\n", answer=suggested(text))
    rest = recall.find(before="x = t", after="\n")
    assert rest is not None
    assert rest.text == "rue"


def test_a_recalled_answer_costs_nothing_and_keeps_its_gate() -> None:
    recall = Recall()
    recall.remember(before="x = ", after="", answer=suggested("total"))
    rest = recall.find(before="x = t", after="")
    assert rest is not None
    assert rest.tokens == Tokens(prompt=90, evaluated=0, generated=0)
    assert (rest.gate, dict(rest.ms)) == (GATE, {})


def test_the_oldest_suggestions_are_dropped() -> None:
    recall = Recall(answers=2)
    for before in ("a", "b", "c"):
        recall.remember(before=before, after="", answer=suggested("x"))
    assert recall.find(before="a", after="") is None
    assert recall.find(before="b", after="") is not None


def test_an_empty_answer_is_not_remembered() -> None:
    recall = Recall()
    recall.remember(before="x", after="", answer=suggested(""))
    assert recall.find(before="x", after="") is None


TEXT = st.text(alphabet="ab(){}[]\"' \n,", max_size=12)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(TEXT, TEXT, TEXT, st.integers(0, 12))
def test_typing_any_part_of_any_suggestion_recalls_exactly_the_rest(
    before: str, text: str, after: str, n: int
) -> None:
    recall = Recall()
    recall.remember(before=before, after=after, answer=suggested(text))
    rest = recall.find(before=before + text[:n], after=after)
    if text[n:]:
        assert rest is not None
        assert (rest.text, rest.replace_after) == (text[n:], 0)
    else:
        assert rest is None


@settings(deadline=None, derandomize=True, max_examples=300)
@given(TEXT, TEXT, TEXT, TEXT, TEXT, st.integers(0, 3))
def test_what_is_recalled_replaces_no_line_end(
    before: str, text: str, after: str, typed: str, closed: str, cover: int
) -> None:
    recall = Recall()
    cover = min(cover, len(after.partition("\n")[0]))
    recall.remember(before=before, after=after, answer=suggested(text, cover))
    rest = recall.find(before=before + typed, after=closed + after)
    if rest is not None:
        assert text.startswith(typed + rest.text)
        assert "\n" not in (closed + after)[: rest.replace_after]


def test_alternatives_are_typed_along_too() -> None:
    recall = Recall()
    answer = replace(suggested("foo"), alternatives=(suggested("bar()"),))
    recall.remember(before="x", after="", answer=answer)
    rest = recall.find(before="xba", after="")
    assert rest is not None
    assert (rest.text, rest.alternatives) == ("r()", ())
    first = recall.find(before="x", after="")
    assert first is not None
    assert first.text == "foo"
