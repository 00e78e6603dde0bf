"""The rules of gitleaks, which know the tokens of some 200 services by their form.

`data/gitleaks.toml` is the configuration of gitleaks 8.30.1 as published (MIT, `gitleaks.LICENSE`
beside it), which its community keeps up to date. To take a newer one, replace the file.
`secrets` decides where in a text the rules are asked.

gitleaks matches with RE2, in linear time. Python's engine goes back and tries again, so a rule
about a name and its value is tried only where one of its keywords stands, and a rule that looks for
two things any distance apart is left out.
"""

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ANY_CONTEXT = r"[\w.-]{0,50}?"
"""Begins most rules and says nothing: without it their matches begin with the keyword."""

_END_OF_VALUE = r"""(?:[\x60'"\s;]|\\[nr]|$)"""
"""Ends most rules. A token of unmistakable form may end otherwise, as in an address."""

_UNBOUNDED = (".*", "(?s")


@dataclass(frozen=True)
class Rule:
    """One form of token."""

    name: str
    keywords: tuple[bytes, ...]
    """In lower case; one of them is in every match."""
    regex: str
    entropy: float
    """Bits for each character that a token must have at least; see `entropy`."""
    allowed: tuple[str, ...]
    """Regular expressions that a harmless token matches..."""
    allowed_matches: tuple[str, ...]
    """...or the match around it does."""
    stop_words: tuple[str, ...]
    """Words in harmless tokens, in lower case."""

    def find(
        self, text: str, region: tuple[int, int], places: Iterable[int]
    ) -> Iterator[tuple[int, int]]:
        """Where its tokens stand in a region of the text that holds a keyword at some `places`."""
        pattern, begins_with_keyword = _compile(self.regex)
        matches = (
            filter(None, (pattern.match(text, at) for at in places))
            if begins_with_keyword
            else pattern.finditer(text, *region)
        )
        for match in matches:
            group = next((i for i in range(1, pattern.groups + 1) if match[i]), 0)
            if not self._is_harmless(match[group], match[0]):
                yield match.span(group)

    def _is_harmless(self, token: str, match: str) -> bool:
        if entropy(token) < self.entropy or any(re.search(e, token) for e in self.allowed):
            return True
        lower = token.lower()
        return any(re.search(e, match) for e in self.allowed_matches) or any(
            word in lower for word in self.stop_words
        )


def entropy(token: str) -> float:
    """Shannon's entropy of the token's characters, in bits: 0 for one letter over and over."""
    n = len(token)
    return -sum(count / n * math.log2(count / n) for count in Counter(token).values())


@cache
def rules() -> tuple[Rule, ...]:
    """All rules for the text of a token that Python can follow safely."""
    published = tomllib.loads(_published())
    everywhere = [published["allowlist"]]
    return tuple(
        _rule(entry, [*everywhere, *entry.get("allowlists", ())])
        for entry in published["rules"]
        if is_usable(entry)
    )


@cache
def rules_by_keyword() -> Mapping[bytes, tuple[Rule, ...]]:
    """For each keyword, in lower case, the rules that it calls for."""
    found: dict[bytes, tuple[Rule, ...]] = {}
    for rule in rules():
        for keyword in rule.keywords:
            found[keyword] = (*found.get(keyword, ()), rule)
    return found


def is_usable(entry: Mapping[str, Any]) -> bool:
    """False for rules about a file's name, about keys, or that look any distance ahead."""
    regex = entry.get("regex", "")
    return (
        bool(regex)
        and "path" not in entry
        and entry["id"] != "private-key"
        and not any(sign in regex for sign in _UNBOUNDED)
    )


def to_python(regex: str) -> tuple[str, bool]:
    """A regular expression of Go's in Python's syntax; and True if case counts in all of it."""
    replaced = [(_ANY_CONTEXT, ""), ("[:alnum:]", "a-zA-Z0-9"), (r"\z", r"\Z")]
    if _ANY_CONTEXT not in regex:
        replaced.append((_END_OF_VALUE, r"(?![\w-])"))
    for go, python in replaced:
        regex = regex.replace(go, python)
    ignore_case = regex.startswith("(?i)")
    regex = regex.removeprefix("(?i)")
    while (start := regex.find("(?i)")) >= 0:
        # In Go it holds to the end of its group, in Python it must be a group of its own.
        end = _end_of_group(regex, start + len("(?i)"))
        regex = f"{regex[:start]}(?i:{regex[start + len('(?i)') : end]}){regex[end:]}"
    return regex, not ignore_case


def _published() -> str:
    return (files("sidelong_index") / "data" / "gitleaks.toml").read_text(encoding="utf-8")


def _rule(entry: Mapping[str, Any], lists: Sequence[Mapping[str, Any]]) -> Rule:
    lists = [found for found in lists if found.get("condition") != "AND"]
    return Rule(
        name=entry["id"],
        keywords=tuple(keyword.encode() for keyword in entry["keywords"]),
        regex=entry["regex"],
        entropy=entry.get("entropy", 0.0),
        allowed=_regexes(lists, "secret"),
        allowed_matches=_regexes(lists, "match"),
        stop_words=tuple(word for found in lists for word in found.get("stopwords", ())),
    )


def _regexes(lists: Iterable[Mapping[str, Any]], target: str) -> tuple[str, ...]:
    return tuple(
        _with_flags(regex)
        for found in lists
        if found.get("regexTarget", "secret") == target
        for regex in found.get("regexes", ())
    )


@cache
def _compile(regex: str) -> tuple[re.Pattern[str], bool]:
    """The pattern; and True if each match of it begins with a keyword."""
    return re.compile(_with_flags(regex), re.ASCII), _ANY_CONTEXT in regex


def _with_flags(regex: str) -> str:
    python, case_counts = to_python(regex)
    return python if case_counts else f"(?i:{python})"


def _end_of_group(regex: str, i: int) -> int:
    """Where the group ends that `i` is in, or the whole expression."""
    depth = 0
    in_set = False
    while i < len(regex):
        char = regex[i]
        if char == "\\":
            i += 1
        elif in_set:
            in_set = char != "]"
        elif char == "[":
            in_set = True
            i += regex.startswith("^", i + 1)
            i += regex.startswith("]", i + 1)
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                break
        i += 1
    return i
