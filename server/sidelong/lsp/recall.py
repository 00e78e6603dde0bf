"""Recall: while the user types along a suggestion, its rest is the answer; pure.

It covers one document. Asking the model otherwise is left to the caller.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sidelong.engine import Answer, Tokens

NEAR = 4096  # code points kept on each side of the cursor; a hash stands for the rest
_PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}
_QUOTES = "\"'`"


@dataclass(frozen=True)
class Side:
    """The text on one side of a cursor: the near part, the length, a hash of the far part."""

    near: str
    length: int
    far: int

    @staticmethod
    def before(text: str) -> Side:
        """The side before a cursor."""
        return Side(text[-NEAR:], len(text), hash(text[:-NEAR]))

    @staticmethod
    def after(text: str) -> Side:
        """The side after a cursor."""
        return Side(text[:NEAR], len(text), hash(text[NEAR:]))

    def starts(self, text: str) -> bool:
        """True if `text` begins with this side before a cursor."""
        cut = max(0, self.length - NEAR)
        return text[cut : self.length] == self.near and hash(text[:cut]) == self.far

    def ends(self, text: str, *, without: int) -> bool:
        """True if `text` ends with this side after a cursor, without its first characters."""
        start = len(text) - (self.length - without)
        near = self.near[without:]
        if start < 0 or text[start : start + len(near)] != near:
            return False
        return hash(text[start + len(near) :]) == self.far


@dataclass(frozen=True)
class Remembered:
    """An answer and the cursor it was given for."""

    before: Side
    after: Side
    answer: Answer

    def rest(self, before: str, after: str) -> Answer | None:
        """The rest of the text or of an alternative, at another cursor of the same document."""
        if not self.before.starts(before):
            return None
        rests = (
            replace(self, answer=answer)._rest(before, after)
            for answer in (self.answer, *self.answer.alternatives)
        )
        return next((rest for rest in rests if rest is not None), None)

    def _rest(self, before: str, after: str) -> Answer | None:
        """The rest of the text at another cursor.

        None if anything changed but that the user typed along the text. The editor may have closed
        brackets and quotes meanwhile, and the user may have typed over closed ones.
        """
        typed = before[self.before.length :]
        left = self.answer.text[len(typed) :]
        if not left or not self.answer.text.startswith(typed):
            return None
        for n in range(self.answer.replace_after + 1):
            n_closed = len(after) - (self.after.length - n)
            over = self.after.near[:n]  # closed brackets that the user typed over
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
    """The latest answers in one document; owned by the event loop."""

    def __init__(self, *, answers: int = 16) -> None:
        """`answers` bounds the memory: each takes 8,192 code points at most, and its own text."""
        self._n_answers = answers
        self._remembered: list[Remembered] = []  # latest last

    def remember(self, *, before: str, after: str, answer: Answer) -> None:
        """Keep an answer; an empty one is not kept."""
        if not answer.text:
            return
        new = Remembered(Side.before(before), Side.after(after), answer)
        at = (new.before, new.after)
        others = [old for old in self._remembered if (old.before, old.after) != at]
        self._remembered = [*others, new][-self._n_answers :]

    def find(self, *, before: str, after: str) -> Answer | None:
        """The rest of the latest answer that leads to this cursor.

        None if there is none, or if all of it has been typed.
        """
        for i in reversed(range(len(self._remembered))):
            rest = self._remembered[i].rest(before, after)
            if rest is not None:
                self._remembered.append(self._remembered.pop(i))
                return rest
        return None


def _fit(left: str, *, typed: str, closed: str, covered: str) -> tuple[str, int] | None:
    """Fit the rest of a text, `left`, to the signs that the editor closed after the cursor.

    The suggestion replaces `covered`, the text behind those.
    Returns the text to insert and the number of characters it replaces after the cursor; None if
    the editor cannot have closed those signs.
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
    """True if all `signs` occur in `text` in their order."""
    rest = iter(text)
    return all(sign in rest for sign in signs)


def _closers(typed: str) -> str:
    """The closing signs of the brackets and quotes that `typed` leaves open, innermost first."""
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
    """The signs of `left` that close the brackets and quotes `typed` leaves open, in order."""
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
