"""Patterns mean what they mean to git."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pytest
from tests.index.counting import count_calls

from sidelong_index.gitignore import MAX_STEPS, _Simple, parse_patterns
from sidelong_index.glob import match_sequence

GitIgnores = Callable[[Path, Iterable[str]], set[str]]


def ignored(patterns: str, path: str) -> bool | None:
    """A path that ends with a slash is a folder."""
    return parse_patterns(patterns.split("\n")).ignores(path.rstrip("/"), is_dir=path[-1] == "/")


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        ("*.log", "a/b.log", True),
        ("*.log", "b.logs", None),
        ("build/", "build/", True),
        ("build/", "a/build/", True),
        ("build/", "build", None),
        ("/build", "build", True),
        ("/build", "a/build", None),
        ("a/b", "a/b", True),
        ("a/b", "c/a/b", None),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("**/b", "b", True),
        ("a/**", "a/", None),
        ("a/**", "a/b", True),
        ("a*c", "abc", True),
        ("a*c", "a/c", None),
        ("a?c", "abc", True),
        ("[a-c]", "b", True),
        ("[!a-c]", "b", None),
        ("[]a]", "]", True),
        ("[[:digit:]]x", "7x", True),
        ("\\#a", "#a", True),
        ("# a", "# a", None),
        ("\\!a", "!a", True),
        ("a\\ ", "a ", True),
        ("a  ", "a", True),
        ("*\n!keep", "keep", False),
        ("!keep\n*", "keep", True),
        ("[a", "[a", None),
        ("a\\", "a\\", None),
        ("", "a", None),
        ("/", "a/", None),
        ("a\r", "a", True),
        ("foo(bar)+", "foo(bar)+", True),
        ("*/*", "foo/", None),
        ("a**/b", "ab", True),
        ("a**/b", "ax/y/b", True),
        ("?**/b", "ax/y/b", None),
        ("x/a**", "x/ab/c", True),
    ],
)
def test_one_pattern(patterns: str, path: str, expected: bool | None) -> None:
    assert ignored(patterns, path) is expected


def test_case_counts_unless_told_otherwise() -> None:
    assert parse_patterns(["Build"]).ignores("build", is_dir=False) is None
    assert parse_patterns(["Build"], ignore_case=True).ignores("build", is_dir=False) is True


@pytest.mark.parametrize(
    "pattern",
    [
        12 * "**/" + "x",
        12 * "**/a/" + "x",
        12 * "**/a*a/" + "x",
        "a/" + 12 * "**/a/a/" + "x",
        12 * "**/?/" + "**",
        20 * "*a" + "x",
        12 * "**/" + 20 * "*a" + "x",
    ],
)
def test_a_hard_pattern_takes_steps_for_its_length_times_the_paths_only(pattern: str) -> None:
    patterns = parse_patterns([pattern])
    for path in ("/".join(40 * ["a"]), "/".join(40 * [40 * "a"])):
        steps = count_calls(partial(patterns.ignores, path, is_dir=False))
        assert steps <= 4 * (pattern.count("/") + pattern.count("*") + 1) * 41


def test_folders_are_compared_at_most_once_for_each_pair() -> None:
    compared = 0

    def same(wanted: str, name: str) -> bool:
        nonlocal compared
        compared += 1
        return wanted == name

    wanted = [part for _ in range(12) for part in (None, "a")]
    assert not match_sequence([*wanted, "x"], 40 * ["a"], same)
    assert compared <= 13 * 40


def test_a_simple_name_is_one_search_however_many_patterns_there_are() -> None:
    few, many = (parse_patterns([f"*.ext{i}" for i in range(n)]) for n in (1, 200))
    calls = [count_calls(partial(p.ignores, "a/b.py", is_dir=False)) for p in (few, many)]
    assert calls[0] == calls[1]


@pytest.mark.parametrize("line", ["name{}", "*.ext{}", "*a"])
def test_simple_names_take_no_group_each(line: str) -> None:
    # A match with n groups takes n steps for each of n alternatives.
    (rules,) = parse_patterns([line.format(i) for i in range(200)]).for_files
    assert isinstance(rules, _Simple)
    assert rules.regex.groups == 0


def test_names_between_exceptions_keep_their_order() -> None:
    patterns = "a*\n!ab*\nabc\n!*d\n*bcd"
    verdicts = {"ax": True, "abx": False, "abc": True, "axd": False, "abcd": True, "x": None}
    assert {name: ignored(patterns, name) for name in verdicts} == verdicts


HARD = ["*a*b*c", "/a", "a/b", "**/a/*b", "a/**/**/b", "*/*/*/*"]


@pytest.mark.parametrize("line", HARD)
def test_no_entry_takes_more_steps_than_the_limit(line: str) -> None:
    patterns = parse_patterns(20_000 * [line])
    assert patterns.cut_at is not None
    assert patterns.steps <= MAX_STEPS
    calls = count_calls(partial(patterns.ignores, "d/abab", is_dir=False))
    assert calls <= 4 * 2 * MAX_STEPS, "four calls for each of two names"


@pytest.mark.parametrize("line", HARD)
def test_what_is_over_the_limit_does_not_count(line: str) -> None:
    for limit, counts in ((20, False), (200, True)):
        patterns = parse_patterns(["first", *21 * [line], "last"], max_steps=limit)
        assert (patterns.cut_at is None) is counts
        assert patterns.ignores("first", is_dir=False) is True
        assert patterns.ignores("last", is_dir=False) is (counts or None)


GLOBS = ["a", "b", "*", "*", "*", "?", "[ab]", "[!a]", "[b-c]", ".c", "ab"]


@pytest.mark.parametrize("seed", range(20))
def test_several_stars_in_a_name_match_what_fnmatch_matches(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(150):
        pattern = "".join(rng.choices(GLOBS, k=rng.randint(3, 9)))
        name = "".join(rng.choices("abc.", k=rng.randint(1, 12)))
        assert bool(ignored(pattern, f"d/{name}")) is fnmatchcase(name, pattern), (pattern, name)


NAMES = ["a", "b", "ab", "foo", "foo.c", ".x", "a b", "b[1]", "A", "-", "!a", "#a", "x]"]
ATOMS = [
    "a", "b", "*", "**", "?", "/", "[ab]", "[!a]", "foo", "\\", "!", "#", ".c", "[a-c]", "[",
    "[[:alpha:]]", " ", "]", "/**", "**/", "/*", "[]a]", "[a-]", "[^b-z]", "[b-a]", "***",
]  # fmt: skip


def grow(root: Path, rng: random.Random) -> tuple[set[str], set[str]]:
    """Random folders and files."""
    for _ in range(60):
        file = root.joinpath(*rng.choices(NAMES, k=rng.randint(1, 4)))
        if not any(parent.is_file() for parent in file.parents) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    found = [path for path in root.rglob("*") if ".git" not in path.parts]
    return (
        {path.relative_to(root).as_posix() for path in found if path.is_dir()},
        {path.relative_to(root).as_posix() for path in found if path.is_file()},
    )


def check_against_git(
    root: Path, git_ignores: GitIgnores, lines: list[str], folders: set[str], files: set[str]
) -> None:
    (root / ".gitignore").write_text("\n".join(lines), encoding="utf-8")
    patterns = parse_patterns(lines)

    def ignores(path: str) -> bool:
        names = path.split("/")
        steps = ["/".join(names[: i + 1]) for i in range(len(names))]
        return any(patterns.ignores(step, is_dir=step in folders) for step in steps)

    ours = {path for path in folders | files if ignores(path)}
    assert ours == git_ignores(root, sorted(folders | files)), lines


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("seed", range(40))
def test_random_patterns_ignore_what_git_ignores(
    root: Path, git_ignores: GitIgnores, seed: int
) -> None:
    rng = random.Random(seed)
    folders, files = grow(root, rng)
    lines = ["".join(rng.choices(ATOMS, k=rng.randint(1, 4))) for _ in range(rng.randint(1, 4))]
    lines = [f"!{line}" if rng.random() < 0.25 else line for line in lines]
    check_against_git(root, git_ignores, lines, folders, files)


PARTS = ["**/", "**/", "a/", "b/", "ab/", "*/", "a*/", "*b*/", "**/**/", "?/", "a**/"]
ENDS = ["a", "b", "*", "**", "a*b", "*a*b*", "ab", "a/", "**/"]


@pytest.mark.parametrize("seed", range(40))
def test_long_patterns_ignore_what_git_ignores_deep_down(
    root: Path, git_ignores: GitIgnores, seed: int
) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        root.joinpath(*rng.choices(["a", "b", "ab", "aab"], k=rng.randint(2, 9))).mkdir(
            parents=True, exist_ok=True
        )
    folders = {path.relative_to(root).as_posix() for path in root.rglob("*")}
    lines = [
        rng.choice(["", "!", "/"]) + "".join(rng.choices(PARTS, k=rng.randint(1, 7))) + end
        for end in rng.choices(ENDS, k=rng.randint(1, 4))
    ]
    check_against_git(root, git_ignores, lines, folders, set())
