"""Blanks of a workspace: as many of each kind, and calls of what the workspace defines."""

from __future__ import annotations

from collections import Counter

from sidelong.evaluation.cases import Case, File
from sidelong.evaluation.sampling import KINDS, definitions, sample

TILL = "def ring(price):\n    noted = price * 2\n    shown = noted + 1\n    return shown\n"
CART = (
    "import till\n\n\ndef total(prices):\n    rung = [till.ring(p) for p in prices]\n"
    "    print(len(rung), sum(rung))\n    return round(sum(rung))\n"
)
FILES = [File("till.py", "python", TILL), File("cart.py", "python", CART)]


def targets(cases: list[Case], kind: str) -> set[str]:
    return {case.target for case in cases if case.blank.kind == kind}


def test_every_kind_gets_the_same_number_in_turns() -> None:
    cases = sample(FILES, n=8, seed=1, kinds=["line", "body"])
    assert [case.blank.kind for case in cases[:4]] == ["line", "body", "line", "body"]
    assert Counter(case.blank.kind for case in cases)["body"] == 2


def test_calls_are_of_what_the_workspace_defines() -> None:
    assert targets(sample(FILES, n=10, seed=0, kinds=["call"]), "call") == {"till.ring(p)"}


def test_a_definition_is_not_a_call() -> None:
    only = [File("a.py", "python", "def ring(price):\n    pass\n")]
    assert sample(only, n=5, seed=0, kinds=["call"]) == []


def test_definitions_of_many_languages() -> None:
    text = "def a(): pass\nclass B: pass\nfunc c() {}\nfn d() {}\nfunction e() {}\nstruct F {}\n"
    assert definitions([File("x", "python", text)]) == set("aBcdeF")


def test_the_seed_decides_and_the_order_of_files_does_not() -> None:
    assert sample(FILES, n=6, seed=4) == sample(FILES[::-1], n=6, seed=4)
    assert sample(FILES, n=6, seed=4) != sample(FILES, n=6, seed=5)


def test_bodies_are_whole_function_bodies() -> None:
    found = targets(sample(FILES, n=9, seed=0, kinds=KINDS), "body")
    assert TILL.split("\n    ", 1)[1].rstrip() in found
