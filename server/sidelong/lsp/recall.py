"""Typing along: while what is typed continues a suggestion, its rest is the answer.

Remembers the latest suggestions per document; whether to ask the model else is the caller's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from sidelong.engine import Answer, Tokens

NEAR = 4096  # code points that are kept as they are; the rest of a document is kept as a hash
_PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}
_QUOTES = "\"'`"


@dataclass(frozen=True)
class Side:
    """The text on one side of a cursor: what is near it, and how long and which the whole is."""

    near: str
    length: int
    far: int

    @staticmethod
    def before(text: str) -> Side:
        """What stands before a cursor."""
        return Side(text[-NEAR:], len(text), hash(text[:-NEAR]))

    @staticmethod
    def after(text: str) -> Side:
        """What stands after a cursor."""
        return Side(text[:NEAR], len(text), hash(text[NEAR:]))

    def starts(self, text: str) -> bool:
        """Whether `text` begins with this side before a cursor."""
        cut = max(0, self.length - NEAR)
        return text[cut : self.length] == self.near and hash(text[:cut]) == self.far

    def ends(self, text: str, *, without: int) -> bool:
        """Whether `text` ends with this side after a cursor, less its first characters."""
        start = len(text) - (self.length - without)
        near = self.near[without:]
        if start < 0 or text[start : start + len(near)] != near:
            return False
        return hash(text[start + len(near) :]) == self.far


@dataclass(frozen=True)
class Suggestion:
    """An answer and the cursor it was given for."""

    before: Side
    after: Side
    answer: Answer

    def rest(self, before: str, after: str) -> Answer | None:
        """What is left at another cursor of the same document, of the text or an alternative."""
        if not self.before.starts(before):
            return None
        rests = (
            replace(self, answer=answer)._rest(before, after)
            for answer in (self.answer, *self.answer.alternatives)
        )
        return next((rest for rest in rests if rest is not None), None)

    def _rest(self, before: str, after: str) -> Answer | None:
        """What is left of the text.

        None unless everything that changed since is that its text was typed: the editor may have
        closed brackets and quotes meanwhile, and the user may have typed over closed ones.
        """
        typed = before[self.before.length :]
        left = self.answer.text[len(typed) :]
        if not left or not self.answer.text.startswith(typed):
            return None
        for n in range(self.answer.replace_after + 1):
            n_closed = len(after) - (self.after.length - n)
            over = self.after.near[:n]  # closed brackets that were typed over
            if n_closed < 0 or not self.after.ends(after, without=n) or not _holds(typed, over):
                continue
            covered = self.after.near[n : self.answer.replace_after]
            fitted = _fit(left, typed=typed, closed=after[:n_closed], covered=covered)
            if fitted is not None and fitted[0] != after[: fitted[1]]:
                return self._answer(*fitted)
        return None

    def _answer(self, text: str, replace_after: int) -> Answer:
        tokens = Tokens(prompt=self.answer.tokens.prompt)
        return replace(
            self.answer,
            text=text,
            replace_after=replace_after,
            tokens=tokens,
            ms={},
            alternatives=(),
        )


class Recall:
    """The latest suggestions of the latest documents. Owned by the event loop."""

    def __init__(self, *, documents: int = 32, suggestions: int = 16) -> None:
        self._n_documents, self._n_suggestions = documents, suggestions
        self._documents: OrderedDict[str, list[Suggestion]] = OrderedDict()  # latest last

    def remember(self, key: str, *, before: str, after: str, answer: Answer) -> None:
        """Keep what was answered in the document `key`; an empty answer is not kept."""
        if not answer.text:
            return
        new = Suggestion(Side.before(before), Side.after(after), answer)
        known = self._documents.setdefault(key, [])
        known[:] = [old for old in known if (old.before, old.after) != (new.before, new.after)]
        known.append(new)
        del known[: -self._n_suggestions]
        self._touch(key)

    def find(self, key: str, *, before: str, after: str) -> Answer | None:
        """The rest of a suggestion that leads to this cursor, the latest first.

        None if there is none, or if all of it has been typed.
        """
        known = self._documents.get(key, [])
        for i in reversed(range(len(known))):
            rest = known[i].rest(before, after)
            if rest is not None:
                known.append(known.pop(i))
                self._touch(key)
                return rest
        return None

    def forget(self, key: str) -> None:
        """Drop a document's suggestions: it was closed, or answers would differ now."""
        self._documents.pop(key, None)

    def _touch(self, key: str) -> None:
        self._documents.move_to_end(key)
        while len(self._documents) > self._n_documents:
            self._documents.popitem(last=False)


def _fit(left: str, *, typed: str, closed: str, covered: str) -> tuple[str, int] | None:
    """Fit what is left to what the editor has `closed` after the cursor by itself.

    `covered` stands behind that, and the suggestion replaces it.
    Comes back with the text to insert and how much after the cursor it replaces; None if the
    editor cannot have closed that.
    """
    if not _holds(_closers(typed), "".join(closed.split())):
        return None
    if "\n" in closed or "\r" in closed:  # Enter between brackets moves the closing one down
        tail = closed + covered
        return (left[: -len(tail)], 0) if left.endswith(tail) and left != tail else None
    n = 0
    for sign in _closing(typed, left):
        n += n < len(closed) and sign == closed[n]
    return left, n + len(covered) if n == len(closed) else n


def _holds(text: str, signs: str) -> bool:
    """Whether all `signs` occur in `text` in their order."""
    rest = iter(text)
    return all(sign in rest for sign in signs)


def _closers(typed: str) -> str:
    """The closing signs of what `typed` leaves open, innermost first."""
    return "".join(reversed(_open(typed)))


def _open(text: str) -> list[str]:
    stack: list[str] = []
    for sign in text:
        if stack and sign == stack[-1]:
            stack.pop()
        elif sign in _PAIRS and not (stack and stack[-1] in _QUOTES):
            stack.append(_PAIRS[sign])
    return stack


def _closing(typed: str, left: str) -> str:
    """The signs of `left` that close what `typed` leaves open, in order."""
    stack, closing = _open(typed), ""
    n_typed = len(stack)
    for sign in left:
        if stack and sign == stack[-1]:
            stack.pop()
            if len(stack) < n_typed:
                closing, n_typed = closing + sign, len(stack)
        elif sign in _PAIRS and not (stack and stack[-1] in _QUOTES):
            stack.append(_PAIRS[sign])
    return closing
