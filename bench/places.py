"""Places in real files where a suggestion may spoil what stands around it.

A place is a document as an editor holds it while somebody writes: brackets and quotes closed by
themselves, words half written, blocks still empty. Completing there is left to `spoils`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_QUOTED = r"""(?P<q>["'`])(?P<gone>(?:\\.|(?!(?P=q))[^\\\n])+)(?P=q)"""
_PATTERNS: Mapping[str, str] = {
    "quotes": _QUOTED,
    "parentheses": r"\((?P<gone>[^()\n]+)\)",
    "brackets": r"\[(?P<gone>[^\[\]\n]+)\]",
    "braces": r"\{(?P<gone>[^{}\n]+)\}",
    "call over lines": r"[(\[]\n[ \t]+(?P<gone>[^\n]*[^\n,])(?=,?\n\s*[)\]])",
    "word": r"\b(?P<gone>[^\W\d]\w{3,})\b",
    "line": r"^[ \t]*(?P<gone>\S[^\n]*)$",
    "rest of line": r"(?<=\w[^\w\n])(?P<gone>[^\n]*\S[^\n]*)$",
    "after an operator": r"(?:[=:,]|=>|\breturn|\bin) (?P<gone>[^\n]+)$",
    "comment": r"(?:#|//) (?P<gone>[^\n]+)$",
    "comment over lines": r"^[ \t]* \* (?P<gone>[^\n*]+)$",
    "docstring": r'"""(?P<gone>[^"\n]+)"""',
    "empty block": r"\{\n[ \t]+(?P<gone>[^{}]+?)\n[ \t]*\}",
    "list element": r",\n[ \t]+(?P<gone>[^\n]+)$",
    "template": r"\$\{(?P<gone>[^{}\n]+)\}",
    "f-string": r"""\bf["'][^"'\n]*\{(?P<gone>[^{}"'\n]+)\}""",
    "attribute": r"""[\w:@-]+=(?P<q>["'])(?P<gone>[^"'\n]+)(?P=q)[^\n]*>""",
    "element": r">(?P<gone>[^<>{}\n]*\w[^<>{}\n]*)</\w",
    "decorator": r"^[ \t]*[@](?P<gone>\w[^\n]*)$",
    "type": r"(?:: |-> |<)(?P<gone>[A-Z]\w*(?:[\[<][^\n\[\]<>]*[\]>])?)",
    "regular expression": r"""(?:[=(,] ?/|\br["'])(?P<gone>[^/"'\n]+)[/"']""",
}
KINDS = {name: re.compile(pattern, re.MULTILINE) for name, pattern in _PATTERNS.items()}


@dataclass(frozen=True)
class Place:
    """A cursor in a document from which something was taken away."""

    kind: str
    before: str
    after: str
    gone: str
    """The text that stood at the cursor."""


def places(text: str, rng: random.Random) -> Iterator[Place]:
    """Places of `text` of all kinds, evenly and without end; none if it holds none of any kind."""
    spans = {kind: _spans(pattern, text) for kind, pattern in KINDS.items()}
    kinds = [kind for kind, found in spans.items() if found]
    while kinds:
        kind = rng.choice(kinds)
        start, end = rng.choice(spans[kind])
        start, end = _begun(kind, start, end, rng)
        yield Place(kind, text[:start], text[end:], text[start:end])


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span("gone") for match in pattern.finditer(text)]


def _begun(kind: str, start: int, end: int, rng: random.Random) -> tuple[int, int]:
    """Half of what is about to be written is begun already; of a word, the end may stand too."""
    if kind == "word":
        cursor = rng.randrange(start + 1, end)
        return cursor, rng.choice((cursor, end))
    return (rng.randrange(start, end) if rng.random() < 0.5 else start), end
