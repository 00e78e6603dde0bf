"""Languages within a language: scripts and styles of a page."""

from __future__ import annotations

import re

from sidelong.engine.trim.syntax import Syntax, syntax_of

_TAG = re.compile(r"<(/?)(script|style)\b[^>]*>", re.IGNORECASE)
_HOLDING = frozenset({"html", "vue", "svelte"})
_LANGUAGES = {"script": "javascript", "style": "scss"}


def section(before: str, after: str, language: str) -> tuple[str, str, Syntax]:
    """The part of a document that the cursor is in, on both sides of it, and its syntax."""
    whole = before, after, syntax_of(language)
    if language not in _HOLDING:
        return whole
    start = max(before.rfind("<script"), before.rfind("<style"), before.rfind("</s"))
    tag = _TAG.match(before, max(start, 0))
    if tag is None or tag[1]:
        return whole
    name = tag[2].lower()
    return before[tag.end() :], after.partition(f"</{name}")[0], syntax_of(_LANGUAGES[name])
