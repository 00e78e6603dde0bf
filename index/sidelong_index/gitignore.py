"""Decides what the lines of one ignore file say about one entry of a directory, as git does.

`ignores` finds the ignore files and weighs them against each other; `glob` matches one glob.

pathspec does not fit: it answers for whole file paths, where a pattern for a directory also matches
everything below it. A walk down a tree has to ask what git asks, "does a pattern match this very
entry?", or `build/**` followed by `!build/keep` loses `keep` together with `build`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sidelong_index.glob import (
    STAR,
    Atoms,
    Name,
    match_sequence,
    name_glob,
    parse_glob,
    split_folders,
)

MAX_STEPS = 10_000
"""Pieces of hard patterns that an entry is compared with, at most: 5 ms, and most take 1 ms."""

_STARS_AFTER_LITERAL = re.compile(r"(?P<literal>[^*?\[\\]*[^*?\[\\/])\*\*+(?=/|$)")
_SEVERAL_STARS = re.compile(r"(?:/\*\*+)+(?=/|$)")


@dataclass(frozen=True)
class Patterns:
    """The patterns of one ignore file; the last one that matches an entry decides."""

    for_dirs: "_Rules"
    for_files: "_Rules"
    steps: int
    """Pieces of patterns that are not compared all at once: an entry may take a step for each."""
    cut_at: int | None
    """The line, from 1, from which on nothing counts, since there would be too many steps."""

    def ignores(self, path: str, *, is_dir: bool) -> bool | None:
        """Judge `path`, relative to the ignore file's folder: ignored or not; None: not mentioned.

        Says nothing of what lies below a directory: nobody walks into an ignored one.
        """
        names = path.split("/")
        for rules in self.for_dirs if is_dir else self.for_files:
            verdict = rules.verdict(names)
            if verdict is not None:
                return verdict
        return None


@dataclass(frozen=True)
class _Rule:
    """One line. It matches the entry's own name, or, if it is `anchored`, its whole path."""

    parts: Sequence[Atoms | None]
    """The globs of the names; None: any folders."""
    anchored: bool
    ignores: bool
    only_dirs: bool

    @property
    def is_simple(self) -> bool:
        """True if one regular expression for the name has no second star to backtrack over.

        A star at the end takes the rest of the name and does not count.
        """
        name = self.parts[-1]
        return not self.anchored and name is not None and name[:-1].count(STAR) <= 1

    @property
    def steps(self) -> int:
        """The pieces that stars and slashes cut it into; a simple rule takes no step of its own."""
        names = [name for name in self.parts if name is not None]
        return 0 if self.is_simple else sum(name.count(STAR) + 1 for name in names)


@dataclass(frozen=True)
class _Simple:
    """Neighbouring simple rules that say the same, as one regular expression.

    So a hundred patterns cost no more than one search; a scan of 50,000 files needs that. There is
    no group for each: a match with thousands of groups takes time for their number squared.
    """

    regex: re.Pattern[str]
    ignores: bool

    def verdict(self, names: Sequence[str]) -> bool | None:
        return self.ignores if self.regex.fullmatch(names[-1]) else None


@dataclass(frozen=True)
class _Path:
    """A rule for a whole path, folder by folder, or for a name with several stars."""

    parts: tuple[Name | None, ...]
    anchored: bool
    ignores: bool

    def verdict(self, names: Sequence[str]) -> bool | None:
        entry = names if self.anchored else names[-1:]
        if len(entry) != len(self.parts) and None not in self.parts:
            return None
        return self.ignores if match_sequence(self.parts, entry, Name.matches) else None


_Rules = tuple[_Simple | _Path, ...]
"""From the last line to the first."""


def parse_patterns(
    lines: Iterable[str], *, ignore_case: bool = False, max_steps: int = MAX_STEPS
) -> Patterns:
    """The patterns of an ignore file, or of a setting with the same rules.

    They count as far as an entry takes `max_steps` steps at most.
    """
    rules: list[_Rule] = []
    steps, cut_at = 0, None
    for number, line in enumerate(lines, 1):
        found = list(_rules(line))
        more = sum(rule.steps for rule in found)
        if steps + more > max_steps:
            cut_at = number
            break
        steps += more
        rules += found
    for_files = [rule for rule in rules if not rule.only_dirs]
    return Patterns(
        for_dirs=_compile(rules, ignore_case=ignore_case),
        for_files=_compile(for_files, ignore_case=ignore_case),
        steps=steps,
        cut_at=cut_at,
    )


def _compile(rules: Sequence[_Rule], *, ignore_case: bool) -> _Rules:
    compiled: list[_Simple | _Path] = []
    kinds = groupby(reversed(rules), lambda rule: (rule.is_simple, rule.ignores))
    for (is_simple, ignores), group in kinds:
        if is_simple:
            names = [rule.parts[-1] or () for rule in group]
            compiled.append(_simple(names, ignores=ignores, ignore_case=ignore_case))
        else:
            compiled += (_path(rule, ignore_case=ignore_case) for rule in group)
    return tuple(compiled)


def _simple(names: Iterable[Atoms], *, ignores: bool, ignore_case: bool) -> _Simple:
    regex = "|".join("".join(".*" if a == STAR else a for a in name) for name in names)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return _Simple(re.compile(regex, flags), ignores)


def _path(rule: _Rule, *, ignore_case: bool) -> _Path:
    parts = (
        None if part is None else name_glob(part, ignore_case=ignore_case) for part in rule.parts
    )
    return _Path(tuple(parts), rule.anchored, rule.ignores)


def _rules(line: str) -> Iterator[_Rule]:
    """The rules in one line: none, one, or several for a pattern that means several."""
    pattern = _without_trailing_spaces(line.rstrip("\n").removesuffix("\r"))
    if not pattern or pattern.startswith("#"):
        return
    ignores = not pattern.startswith("!")
    pattern = pattern if ignores else pattern[1:]
    only_dirs = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    anchored = "/" in pattern
    pattern = pattern.removeprefix("/")
    for meaning in _meanings(pattern) if anchored else [pattern]:
        atoms = parse_glob(meaning, within_name=not anchored)
        if atoms:
            yield _Rule(split_folders(atoms), anchored, ignores, only_dirs)


def _meanings(pattern: str) -> list[str]:
    """A path glob in other words, where git reads it otherwise than it documents.

    git compares the literal start of a pattern by itself and takes what follows for a pattern of
    its own. So the stars of `a**/b` stand "at the start": it matches `ab`, `a/b` and `ax/y/b`.
    """
    quirk = _STARS_AFTER_LITERAL.match(pattern)
    if quirk is None:
        return [pattern]
    literal, rest = quirk["literal"], _SEVERAL_STARS.sub("/**", pattern[quirk.end() :])
    if not rest:
        return [f"{literal}*", f"{literal}*/**"]
    joined = literal + rest[1:]
    return [*(_meanings(joined) if rest.startswith("/**") else [joined]), f"{literal}*/**{rest}"]


def _without_trailing_spaces(line: str) -> str:
    """Spaces at the end do not count unless a backslash stands before them."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    if backslashes % 2 and len(stripped) < len(line):
        return stripped + " "
    return stripped
