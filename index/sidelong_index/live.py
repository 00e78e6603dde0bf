"""Syntax errors of a document, and of the same document after an edit; cheap while one types.

Nothing is kept but the last tree: a text that differs from it in one place is parsed from there.
"""

from __future__ import annotations

from sidelong_index.parse import SyntaxTree, tree_of


def parses(text: str, language: str) -> bool | None:
    """True if `text` is free of syntax errors; None: too large, or no grammar for it."""
    tree = tree_of(_encoded(text), language)
    return None if tree is None else not tree.root_node.has_error


class LiveTree:
    """The syntax tree of one document as it is edited; owned by one thread."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._source = b""
        self._tree: SyntaxTree | None = None

    def spoiled_by(self, text: str, start: int, end: int, new: str) -> bool:
        """True if `text` has no syntax errors, and would have one with `new` for `text[start:end]`.

        False where that cannot be said: the text is too large, or has no grammar.
        """
        self._follow(_encoded(text))
        if self._tree is None or self._tree.root_node.has_error:
            return False
        edited = _encoded(text[:start] + new + text[end:])
        tree = _edited(self._tree, self._source, edited, self._language)
        return tree is not None and tree.root_node.has_error

    def _follow(self, source: bytes) -> None:
        if self._tree is None:
            self._tree = tree_of(source, self._language)
        elif source != self._source:
            self._tree = _edited(self._tree, self._source, source, self._language)
        self._source = source


def _edited(tree: SyntaxTree, old: bytes, new: bytes, language: str) -> SyntaxTree | None:
    """The tree of `new`, by way of `tree`, the tree of `old`."""
    start = _common(old, new)
    most = min(len(old), len(new)) - start
    tail = min(most, _common(old[start:][::-1], new[start:][::-1]))
    old_end, new_end = len(old) - tail, len(new) - tail
    tree = tree.copy()
    tree.edit(
        start,
        old_end,
        new_end,
        _point(old, start),
        _point(old, old_end),
        _point(new, new_end),
    )
    return tree_of(new, language, tree)


def _common(a: bytes, b: bytes) -> int:
    """The number of bytes that both start with, found by halving."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[low:middle] == b[low:middle] else (low, middle - 1)
    return low


def _point(source: bytes, offset: int) -> tuple[int, int]:
    return source.count(b"\n", 0, offset), offset - source.rfind(b"\n", 0, offset) - 1


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
