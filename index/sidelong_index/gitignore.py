"""What the patterns of one ignore file say about one entry of a directory, as git does it.

Which ignore files there are, and which of them wins, is in `ignores`.

Not by pathspec: that answers for whole file paths, where a pattern for a directory also matches
everything below it. Walking down a tree needs git's own question, "does a pattern match this very
entry?", or `build/**` followed by `!build/keep` loses `keep` together with `build`. And all
patterns of a file become one regular expression here, which a scan of 50,000 files can afford.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_POSIX_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


_STAR = "[^/]*"


@dataclass(frozen=True)
class _Rules:
    """Patterns as one regular expression: a named group for each, the last pattern first."""

    regex: re.Pattern[str]
    verdicts: tuple[bool, ...]
    """For each group, whether its pattern ignores (True) or brings back (False)."""

    def verdict(self, path: str) -> bool | None:
        match = self.regex.fullmatch(path)
        if match is None or match.lastgroup is None:
            return None
        return self.verdicts[int(match.lastgroup[1:])]


@dataclass(frozen=True)
class Patterns:
    """The patterns of one ignore file; the last one that matches an entry decides."""

    for_dirs: _Rules | None
    for_files: _Rules | None

    def ignores(self, path: str, *, is_dir: bool) -> bool | None:
        """Whether `path`, relative to the ignore file's folder, is ignored; None: not mentioned.

        Says nothing of what lies below a directory: nobody walks into an ignored one.
        """
        rules = self.for_dirs if is_dir else self.for_files
        return rules.verdict(path) if rules is not None else None


@dataclass(frozen=True)
class _Rule:
    regex: str
    ignores: bool
    only_dirs: bool


def parse_patterns(lines: Iterable[str], *, ignore_case: bool = False) -> Patterns:
    """The patterns of an ignore file, or of a setting with the same rules."""
    rules = [rule for i, line in enumerate(lines) if (rule := _rule(line, i)) is not None]
    return Patterns(
        for_dirs=_compile(rules, ignore_case=ignore_case),
        for_files=_compile([r for r in rules if not r.only_dirs], ignore_case=ignore_case),
    )


def _compile(rules: Sequence[_Rule], *, ignore_case: bool) -> _Rules | None:
    if not rules:
        return None
    last_first = rules[::-1]
    regex = "|".join(f"(?P<r{i}>{rule.regex})" for i, rule in enumerate(last_first))
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return _Rules(re.compile(regex, flags), tuple(rule.ignores for rule in last_first))


def _rule(line: str, number: int) -> _Rule | None:
    """What one line says, or None: nothing. The number tells its groups from other lines'."""
    pattern = _without_trailing_spaces(line.rstrip("\n").removesuffix("\r"))
    if not pattern or pattern.startswith("#"):
        return None
    ignores = not pattern.startswith("!")
    pattern = pattern if ignores else pattern[1:]
    only_dirs = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    anywhere = "/" not in pattern
    pieces = _translate(pattern.removeprefix("/"), within_name=anywhere)
    if not pieces:
        return None
    regex = "".join(_in_one_go(pieces, f"s{number}_"))
    return _Rule(("(?:.*/)?" if anywhere else "") + regex, ignores, only_dirs)


def _without_trailing_spaces(line: str) -> str:
    """Spaces at the end do not count unless a backslash stands before them."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    if backslashes % 2 and len(stripped) < len(line):
        return stripped + " "
    return stripped


def _translate(pattern: str, *, within_name: bool) -> list[str] | None:
    """The regular expressions of a glob's parts, or None: git says that it matches nothing."""
    out: list[str] = []
    i = 0
    while i < len(pattern):
        char = pattern[i]
        if char == "*":
            i, piece = _stars(pattern, i, within_name=within_name)
        elif char == "?":
            i, piece = i + 1, "[^/]"
        elif char == "[":
            bracket = _bracket(pattern, i + 1)
            if bracket is None:
                return None
            i, piece = bracket
        elif char == "\\":
            if i + 1 == len(pattern):
                return None
            i, piece = i + 2, re.escape(pattern[i + 1])
        else:
            i, piece = i + 1, re.escape(char)
        out.append(piece)
    return out


def _in_one_go(pieces: Sequence[str], group: str) -> Iterator[str]:
    """What stands between two stars of a name, taken where it first fits, for good.

    So does `fnmatch`; else a pattern of many stars would try all ways to place them, which takes
    minutes. A group in a lookahead is not gone back into; `group` begins the groups' names.
    """
    i = 0
    while i < len(pieces):
        end = i + 1
        while pieces[i] == _STAR and end < len(pieces) and pieces[end] not in (_STAR, "/"):
            end += 1
        if pieces[i] == _STAR and end < len(pieces) and pieces[end] == _STAR:
            between = "".join(pieces[i + 1 : end])
            yield f"(?=(?P<{group}{i}>{_STAR}?{between}))(?P={group}{i})"
        else:
            yield "".join(pieces[i:end])
        i = end


def _stars(pattern: str, i: int, *, within_name: bool) -> tuple[int, str]:
    """One star stays within a name; two that stand alone between slashes are any folders."""
    end = i
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    alone = (i == 0 or pattern[i - 1] == "/") and (end == len(pattern) or pattern[end] == "/")
    if end - i == 1 or not alone or within_name:
        return end, _STAR
    if end == len(pattern):
        return end, ".+"
    return end + 1, "(?:.*/)?"


def _bracket(pattern: str, i: int) -> tuple[int, str] | None:
    """A set of characters, from after its '['; None: it is not closed."""
    negated = i < len(pattern) and pattern[i] in "!^"
    i += negated
    members: list[str] = []
    first = True
    while first or not pattern.startswith("]", i):
        first = False
        member = _member(pattern, i)
        if member is None:
            return None
        i, text = member
        members.append(text)
    return i + 1, f"(?!/)[{'^' if negated else ''}{''.join(members)}]"


def _member(pattern: str, i: int) -> tuple[int, str] | None:
    """A class like [:alpha:], a range or one character of a set; None: the set is not closed."""
    if pattern.startswith("[:", i):
        end = pattern.find(":]", i + 2)
        if end < 0 or pattern[i + 2 : end] not in _POSIX_CLASSES:
            return None
        return end + 2, _POSIX_CLASSES[pattern[i + 2 : end]]
    low = _character(pattern, i)
    if low is None:
        return None
    i, start = low
    if pattern.startswith("-", i) and not pattern.startswith("-]", i):
        high = _character(pattern, i + 1)
        if high is None:
            return None
        i, stop = high
        return i, f"{re.escape(start)}-{re.escape(stop)}" if start <= stop else re.escape(start)
    return i, re.escape(start)


def _character(pattern: str, i: int) -> tuple[int, str] | None:
    i += pattern.startswith("\\", i)
    return (i + 1, pattern[i]) if i < len(pattern) else None
