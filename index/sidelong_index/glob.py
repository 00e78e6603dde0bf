"""Matches one glob of an ignore file, without backtracking.

`gitignore` reads the lines of an ignore file and weighs its globs against each other.

A name glob is a sequence of pieces of fixed length with stars between them. Each piece is taken
where it first fits, for good, so a name is searched once for each piece. A path glob is a sequence
of name globs with "any folders" between some of them, and is matched in the same way. So the time
is at most the length of the glob times the length of the path, whatever both are.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

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

STAR = "*"
"""Any characters of a name."""

FOLDERS = "**/"
"""Any number of folders, none included."""

SLASH = "/"

Atoms = Sequence[str]
"""`STAR`, or regular expressions that match exactly one character."""

Item = TypeVar("Item")
Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Name:
    """A glob for one name, as the pieces around its stars."""

    first: re.Pattern[str]
    between: tuple[re.Pattern[str], ...]
    last: re.Pattern[str] | None
    """None: there is no star, and `first` has to match the whole name."""
    last_length: int = 0

    def matches(self, name: str) -> bool:
        """Match the whole name."""
        if self.last is None:
            return self.first.fullmatch(name) is not None
        found = self.first.match(name)
        for piece in self.between:
            if found is None:
                return False
            found = piece.search(name, found.end())
        tail = len(name) - self.last_length
        return found is not None and found.end() <= tail and self.last.match(name, tail) is not None


def name_glob(atoms: Atoms, *, ignore_case: bool) -> Name:
    """The matcher of a name glob."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    pieces: list[list[str]] = [[]]
    for atom in atoms:
        if atom == STAR:
            pieces.append([])
        else:
            pieces[-1].append(atom)
    first, *rest = (re.compile("".join(piece), flags) for piece in pieces)
    if not rest:
        return Name(first, (), None)
    return Name(first, tuple(rest[:-1]), rest[-1], len(pieces[-1]))


def match_sequence(
    wanted: Sequence[Wanted | None], items: Sequence[Item], fits: Callable[[Wanted, Item], bool]
) -> bool:
    """Match the whole sequence, where None in `wanted` stands for any number of items.

    Calls `fits` at most `len(wanted) * len(items)` times. Only the last None is ever gone back to:
    what stands before it was found as early as can be, so another place for that helps nothing.
    """
    i = j = 0
    star, resume = -1, 0
    while j < len(items):
        want = wanted[i] if i < len(wanted) else None
        if i < len(wanted) and want is None:
            i += 1
            star, resume = i, j
        elif want is not None and fits(want, items[j]):
            i, j = i + 1, j + 1
        elif star >= 0:
            resume += 1
            i, j = star, resume
        else:
            return False
    return all(want is None for want in wanted[i:])


def split_folders(atoms: Atoms) -> list[Atoms | None]:
    """The name globs of a path glob, from the top; None: any folders, never twice in a row."""
    parts: list[Atoms | None] = []
    name: list[str] = []
    for atom in atoms:
        if atom == FOLDERS:
            if not parts or parts[-1] is not None:
                parts.append(None)
        elif atom == SLASH:
            parts.append(name)
            name = []
        else:
            name.append(atom)
    return [*parts, name]


def parse_glob(glob: str, *, within_name: bool) -> list[str] | None:
    """The atoms of a glob, `SLASH` and `FOLDERS` among them, or None: git matches nothing by it."""
    out: list[str] = []
    i = 0
    while i < len(glob):
        char = glob[i]
        if char == "*":
            i, atoms = _stars(glob, i, within_name=within_name)
            out += atoms
            continue
        if char == "?":
            i, atom = i + 1, "."
        elif char == "[":
            bracket = _bracket(glob, i + 1)
            if bracket is None:
                return None
            i, atom = bracket
        elif char == "\\":
            if i + 1 == len(glob):
                return None
            i, atom = i + 2, re.escape(glob[i + 1])
        else:
            i, atom = i + 1, re.escape(char)
        out.append(atom)
    return out


def _stars(glob: str, i: int, *, within_name: bool) -> tuple[int, list[str]]:
    """One star stays within a name; two that stand alone between slashes are any folders."""
    end = i
    while end < len(glob) and glob[end] == "*":
        end += 1
    alone = (i == 0 or glob[i - 1] == "/") and (end == len(glob) or glob[end] == "/")
    if end - i == 1 or not alone or within_name:
        return end, [STAR]
    if end == len(glob):
        return end, [FOLDERS, STAR]
    return end + 1, [FOLDERS]


def _bracket(glob: str, i: int) -> tuple[int, str] | None:
    """A set of characters, from after its '['; None: it is not closed."""
    negated = i < len(glob) and glob[i] in "!^"
    i += negated
    members: list[str] = []
    first = True
    while first or not glob.startswith("]", i):
        first = False
        member = _member(glob, i)
        if member is None:
            return None
        i, text = member
        members.append(text)
    return i + 1, f"[{'^' if negated else ''}{''.join(members)}]"


def _member(glob: str, i: int) -> tuple[int, str] | None:
    """A class like [:alpha:], a range or one character of a set; None: the set is not closed."""
    if glob.startswith("[:", i):
        end = glob.find(":]", i + 2)
        if end < 0 or glob[i + 2 : end] not in _POSIX_CLASSES:
            return None
        return end + 2, _POSIX_CLASSES[glob[i + 2 : end]]
    low = _character(glob, i)
    if low is None:
        return None
    i, start = low
    if glob.startswith("-", i) and not glob.startswith("-]", i):
        high = _character(glob, i + 1)
        if high is None:
            return None
        i, stop = high
        return i, f"{re.escape(start)}-{re.escape(stop)}" if start <= stop else re.escape(start)
    return i, re.escape(start)


def _character(glob: str, i: int) -> tuple[int, str] | None:
    i += glob.startswith("\\", i)
    return (i + 1, glob[i]) if i < len(glob) else None
