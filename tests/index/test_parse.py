"""Statements and definitions, in every language that has a grammar."""

from __future__ import annotations

import random

import pytest

from sidelong_index.parse import LANGUAGES, grammar_versions, language_of, parse

SAMPLES = {
    "python": """\
import os

# what it is
class A:
    def f(self):
        x = 1
        return x
""",
    "javascript": """\
import os from "os";

// what it is
class A {
  f() {
    const x = 1;
    return x;
""",
    "typescript": """\
import os from "os";

// what it is
class A {
  f(): number {
    const x = 1;
    return x;
""",
    "tsx": """\
import os from "os";

// what it is
class A {
  f() {
    const x = <b>1</b>;
    return x;
""",
    "go": """\
import "os"

// what it is
func f() {
    g(func() {
        x := 1
        return x
""",
    "rust": """\
use std::os;

// what it is
impl A {
    fn f(&self) {
        let x = 1;
        return x;
""",
    "java": """\
import os;

// what it is
class A {
    int f() {
        int x = 1;
        return x;
""",
    "c": """\
#include <os.h>

// what it is
struct a { int b;
    int f; };
int f(void)
{ return x; }
""",
    "cpp": """\
#include <os.h>

// what it is
class A {
    int f() {
        int x = 1;
        return x;
""",
}
CLOSE = {"python": "", "c": "", "go": "    })\n}\n"}


def closed(language: str) -> str:
    """The sample with its braces closed."""
    return SAMPLES[language] + CLOSE.get(language, "  }\n}\n")


def test_there_is_a_sample_of_every_language() -> None:
    assert set(SAMPLES) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_statements_start_lines_and_take_the_comment_above_with_them(language: str) -> None:
    syntax = parse(closed(language), language)
    assert syntax is not None
    assert {0, 2} <= set(syntax.statements)
    assert 3 not in syntax.statements, "the comment above belongs to it"


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"c"}))
def test_definitions_enclose_each_other(language: str) -> None:
    syntax = parse(closed(language), language)
    assert syntax is not None
    assert [(d.first, d.body) for d in syntax.definitions] == [(3, 4), (4, 5)]
    assert {5, 6} <= set(syntax.statements)


def test_a_brace_on_a_line_of_its_own_is_no_part_of_the_signature() -> None:
    syntax = parse("int\nmain(void)\n{\n    return 0;\n}\n", "c")
    assert syntax is not None
    assert [(d.first, d.body, d.last) for d in syntax.definitions] == [(0, 2, 4)]


def test_a_signature_may_have_several_lines() -> None:
    syntax = parse("def f(\n    a,\n    b,\n):\n    return a\n", "python")
    assert syntax is not None
    assert [(d.first, d.body, d.last) for d in syntax.definitions] == [(0, 4, 4)]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("A.PY", "python"),
        ("x.h", "cpp"),
        ("x.c", "c"),
        ("x.mts", "typescript"),
        ("x.tsx", "tsx"),
        ("x.jsx", "javascript"),
        ("README.md", None),
        ("Makefile", None),
        (".py", None),
    ],
)
def test_the_language_goes_by_the_suffix(path: str, language: str | None) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", ["(", "[1,\n", "{\n", "a<b<", "-", '"', "if x:\n "])
def test_nonsense_is_either_parsed_or_refused(language: str, unit: str) -> None:
    parse(unit * 1500, language)


def test_depth_without_end_is_survived() -> None:
    parse("[" * 50_000 + "]" * 50_000, "python")
    parse("".join(f"{' ' * depth}if x:\n" for depth in range(900)), "python")


def test_an_error_with_endless_children_is_refused() -> None:
    # A query over it would take minutes.
    assert parse("(\n" * 200_000, "python") is None


def test_what_is_too_large_is_refused() -> None:
    assert parse("x = 1\n" * 100_000, "python") is None


def test_noise_gives_starts_that_exist() -> None:
    rng = random.Random(1)
    for language in LANGUAGES:
        text = "".join(rng.choice("(){};:=ab1 \"'\n\\é😀\u2028\f\r") for _ in range(3000))
        syntax = parse(text, language)
        assert syntax is not None
        lines = text.split("\n")
        assert all(not lines[n][:column].strip() for n, column in syntax.statements.items())


def test_lone_surrogates_from_an_editor_are_harmless() -> None:
    assert parse('x = "\ud800"\n', "python") is not None


def test_an_unknown_language_has_no_syntax() -> None:
    assert parse("x", "cobol") is None


def test_all_grammars_are_installed_and_versioned() -> None:
    assert all(grammar_versions().values())
