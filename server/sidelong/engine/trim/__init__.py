"""Where a suggestion stops, and what it must not repeat of the text around it.

Rules only shorten the text, and say how much after the cursor it replaces; they never rewrite it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sidelong.engine.trim.around import Around, around
from sidelong.engine.trim.bounds import (
    balanced,
    behind_brackets,
    covered,
    dedent,
    in_string,
    misplaced,
    single_line,
    too_many_lines,
    unbalanced,
)
from sidelong.engine.trim.brackets import COMMENT, REMARK
from sidelong.engine.trim.lines import unix
from sidelong.engine.trim.repeats import (
    end_of_line,
    ends_in_loop,
    line_above,
    lines_below,
    loop,
    repetition,
    same_as_after,
)

__all__ = ["Trimmed", "Trimmer"]

Rule = Callable[[str, Around], int]


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

    @staticmethod
    def at(before: str, after: str, language: str, max_lines: int) -> Trimmer:
        """For a cursor between `before` and `after`; a text has at most `max_lines` lines."""
        return Trimmer(around(before, after, language), max_lines)

    def trim(self, text: str) -> Trimmed:
        """Shorten `text`, which was generated at the cursor.

        The result is the start of `text` but for line ends, and trimming it again changes nothing.
        """
        here, raw = self.here, unix(text)
        kept, fired = _cut(_strip(raw, here), here, _rules(self.max_lines))
        cover = covered(kept, here)
        if kept == here.line_after[:cover]:
            kept, cover, fired = "", 0, fired or ["suffix-overlap" if raw.strip() else "empty"]
        if cover:
            fired.append("closers")
        if not fired and kept != raw:
            fired.append("white-space")
        return Trimmed(kept.replace("\n", here.line_end), cover, ", ".join(fired))

    def should_stop(self, text: str) -> bool:
        """Whether `trim` would cut `text` whatever comes next, so that generating on is in vain.

        Cheap enough to be asked after every token.
        """
        text = unix(text)
        if ends_in_loop(text) or too_many_lines(text, self.max_lines) < len(text):
            return True
        if any(rule(text, self.here) < len(text) for rule in _AT_ONCE):
            return True
        lines = text[: text.rfind("\n") + 1]
        return any(rule(lines, self.here) < len(lines) for rule in _BY_LINE)


def _rules(max_lines: int) -> list[tuple[str, Rule]]:
    """The rules with the names under which they are reported, in the order of asking."""
    return [
        ("single-line", single_line),
        ("single-line", misplaced),
        ("repetition", repetition),
        ("repetition", loop),
        ("suffix-overlap", same_as_after),
        ("suffix-overlap", end_of_line),
        ("suffix-overlap", in_string),
        ("suffix-overlap", behind_brackets),
        ("line-above", line_above),
        ("suffix-overlap", lines_below),
        ("unbalanced", unbalanced),
        ("dedent", dedent),
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
    """Whether the text ends inside of the quote that is closed right after the cursor."""
    in_quote = here.inside and here.inside not in (REMARK, COMMENT)
    return bool(in_quote and here.open[-1].closed_at == 0 and not balanced(text, here).cover)
