"""Where a suggestion stops, and what it must not repeat of the text around it.

The text is only shortened, but for its line ends and its indentation, which become the document's;
and it is said how much after the cursor it replaces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sidelong.engine.trim.around import Around, around
from sidelong.engine.trim.balance import balanced
from sidelong.engine.trim.bounds import (
    begun,
    behind_brackets,
    covered,
    dedent,
    left_open,
    misplaced,
    single_line,
    too_many_lines,
    unbalanced,
)
from sidelong.engine.trim.lines import unix
from sidelong.engine.trim.repeats import (
    end_of_line,
    ends_in_loop,
    line_above,
    line_below,
    lines_below,
    loop,
    repetition,
    same_as_after,
)
from sidelong.engine.trim.scanner import Scanner

__all__ = ["Scanner", "Spoils", "Trimmed", "Trimmer"]

Rule = Callable[[str, Around], int]

Spoils = Callable[[str, int], bool]
"""True if the document parses, and would not with this text in place of so many characters."""

_BEGINNINGS = 12
_TOKEN_END = re.compile(r"""\w\b|[)\]}"'`;]""")


@dataclass(frozen=True)
class Trimmed:
    """A suggestion fit to be shown."""

    text: str
    """With the document's line ends; empty if nothing is left to suggest."""
    replace_after: int
    """Characters after the cursor, on its line, that the text replaces."""
    reason: str
    """The rules that shortened the text or widened what it replaces, comma-separated."""


@dataclass(frozen=True)
class Trimmer:
    """Trims the texts that are generated for one cursor, of which it knows the surroundings."""

    here: Around
    max_lines: int
    spoils: Spoils | None = None

    @staticmethod
    def at(
        before: str,
        after: str,
        language: str,
        max_lines: int,
        *,
        scanner: Scanner | None = None,
        spoils: Spoils | None = None,
    ) -> Trimmer:
        """For a cursor between `before` and `after`; a text has at most `max_lines` lines.

        `scanner` is the document's own, which makes it cheap: without one, `before` is read from
        its start. `spoils` is asked about what the rules leave of a text.
        """
        here = around(before, after, language, scanner or Scanner())
        return Trimmer(here, max_lines, spoils)

    def trim(self, text: str) -> Trimmed:
        """Shorten `text`, which was generated at the cursor.

        The result is the start of `text` but for line ends and indentation, and trimming it again
        changes nothing.
        """
        fitted = self._fit(text)
        if not fitted.text or not self._breaks(fitted):
            return fitted
        reason = f"{fitted.reason}, syntax" if fitted.reason else "syntax"
        for start in beginnings(unix(fitted.text)):
            shorter = self._fit(start)
            if shorter.text and not self._breaks(shorter):
                return replace(shorter, reason=reason)
        return Trimmed("", 0, reason)

    def _breaks(self, fitted: Trimmed) -> bool:
        """True if a document that parses would not with this text, once what it has just begun is
        closed: `if (x) {` at the end of a line is no mistake."""
        if self.spoils is None:
            return False
        closing = begun(unix(fitted.text), self.here)
        return self.spoils(fitted.text + closing, fitted.replace_after)

    def _fit(self, text: str) -> Trimmed:
        """The part of `text` that the rules leave."""
        here, raw = self.here, unix(text)
        fitted = here.fitted(text)
        kept, fired = _cut(_strip(fitted, here), here, _rules(self.max_lines))
        if fitted != raw:
            fired.insert(0, "indentation")
        cover = covered(kept, here)
        if kept == here.line_after[:cover]:
            kept, cover, fired = "", 0, fired or ["suffix-overlap" if raw.strip() else "empty"]
        if cover:
            fired.append("closers")
        if not fired and kept != raw:
            fired.append("white-space")
        return Trimmed(kept.replace("\n", here.line_end), cover, ", ".join(fired))

    def should_stop(self, text: str) -> bool:
        """True if `trim` would cut `text` whatever comes next, so that generating on is in vain.

        Cheap enough to be asked after every token.
        """
        text = self.here.fitted(text)
        if ends_in_loop(text) or too_many_lines(text, self.max_lines) < len(text):
            return True
        if any(rule(text, self.here) < len(text) for rule in _AT_ONCE):
            return True
        lines = text[: text.rfind("\n") + 1]
        return any(rule(lines, self.here) < len(lines) for rule in _BY_LINE)


def beginnings(text: str) -> list[str]:
    """Where a text might end earlier, longest first: at its line ends, then behind a word, a
    closing bracket or a quote of its first line."""
    ends = [match.start() for match in re.finditer("\n", text)]
    ends += [match.end() for match in _TOKEN_END.finditer(text.partition("\n")[0])]
    return [text[:end] for end in sorted(ends, reverse=True)[:_BEGINNINGS] if end < len(text)]


def _rules(max_lines: int) -> list[tuple[str, Rule]]:
    """The rules with the names under which they are reported, in the order of asking."""
    return [
        ("single-line", single_line),
        ("single-line", misplaced),
        ("repetition", repetition),
        ("repetition", loop),
        ("suffix-overlap", same_as_after),
        ("suffix-overlap", end_of_line),
        ("suffix-overlap", behind_brackets),
        ("line-above", line_above),
        ("suffix-overlap", lines_below),
        ("unbalanced", unbalanced),
        ("unbalanced", left_open),
        ("dedent", dedent),
        ("suffix-overlap", line_below),
        ("max-lines", lambda text, _: too_many_lines(text, max_lines)),
    ]


_AT_ONCE: list[Rule] = [single_line, dedent, repetition]
"""The rules whose objection no further text can take back."""

_BY_LINE: list[Rule] = [line_above, lines_below, unbalanced]
"""The rules that judge whole lines: the last one may still become another."""


def _cut(text: str, here: Around, rules: list[tuple[str, Rule]]) -> tuple[str, list[str]]:
    """Apply the rules until none objects: what one cuts may bring about what another forbids."""
    fired: list[str] = []
    before = None
    while text != before:
        before = text
        for name, rule in rules:
            keep = rule(text, here)
            if keep < len(text):
                text = _strip(text[:keep], here)
                fired += [name] if name not in fired else []
    return text, fired


def _strip(text: str, here: Around) -> str:
    """Without white space at the end, except before code or a closing quote that follows."""
    kept = text.rstrip()
    if kept and (here.code_follows or _in_closed_quote(kept, here)):
        return kept + text[len(kept) :].partition("\n")[0]
    return kept


def _in_closed_quote(text: str, here: Around) -> bool:
    """True if the text ends inside of the quote that is closed right after the cursor."""
    closed = here.in_string and here.open[-1].closed_at == 0
    return closed and not balanced(text, here).cover
