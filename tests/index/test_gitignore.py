"""Patterns mean what they mean to git."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from sidelong_index.gitignore import parse_patterns

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
    ],
)
def test_one_pattern(patterns: str, path: str, expected: bool | None) -> None:
    assert ignored(patterns, path) is expected


def test_case_counts_unless_told_otherwise() -> None:
    assert parse_patterns(["Build"]).ignores("build", is_dir=False) is None
    assert parse_patterns(["Build"], ignore_case=True).ignores("build", is_dir=False) is True


@pytest.mark.parametrize("pattern", ["*a*a*a*a*a*a*b", "/*a*a*a*a*a*a*b", "x/**/*a?*a?*[a]*a*a*b"])
def test_many_stars_in_a_name_are_answered_at_once(pattern: str) -> None:
    path = "x/y/" + 200 * "a" if "**" in pattern else 200 * "a"
    started_s = time.monotonic()
    assert ignored(pattern, path) is None
    assert ignored(pattern, f"{path}b") is True
    assert time.monotonic() - started_s < 5


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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("seed", range(40))
def test_random_patterns_ignore_what_git_ignores(
    root: Path, git_ignores: GitIgnores, seed: int
) -> None:
    rng = random.Random(seed)
    folders, files = grow(root, rng)
    lines = ["".join(rng.choices(ATOMS, k=rng.randint(1, 4))) for _ in range(rng.randint(1, 4))]
    lines = [f"!{line}" if rng.random() < 0.25 else line for line in lines]
    (root / ".gitignore").write_text("\n".join(lines), encoding="utf-8")
    patterns = parse_patterns(lines)

    def ignores(path: str) -> bool:
        names = path.split("/")
        steps = ["/".join(names[: i + 1]) for i in range(len(names))]
        return any(patterns.ignores(step, is_dir=step in folders) for step in steps)

    ours = {path for path in folders | files if ignores(path)}
    assert ours == git_ignores(root, sorted(folders | files)), lines
