"""An anchor: a cursor whose prompt was read, so that typing on from it need not read another; pure.

Chunks stand behind L in the prompt, so each typed character would have all of them read again; and
a bracket that the editor closes by itself changes R, which stands before everything.
While somebody types on, the prompt therefore stays as it was at the anchor, and the text typed
since stands behind it, where the text to write begins: the model goes on from it as from its own.
That holds for a few lines: a target in training is no longer than `Budget.generated`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from sidelong.engine.gate import Decision
from sidelong.engine.prompt import TYPED
from sidelong.engine.request import Request
from sidelong.engine.view import View
from sidelong.settings import Settings
from sidelong_index import Exclusion, Hit

MOST_TYPED = TYPED - 16
"""Bytes behind an anchor, which are never more tokens than that; healing may add a few.

On 24 places of the dev packages whose line above was typed behind an anchor, edit similarity was
54.4, and 46.6 with a prompt of their own: going on costs no quality that so few places show.
"""

MOST_ANCHORS = 8

_CLOSED_BY = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`", "<": ">"}


@dataclass(frozen=True)
class Anchor:
    """A request that was read, the decision made for it, and the chunks read with it."""

    request: Request
    exclude: Exclusion | None
    decision: Decision
    chunks: tuple[Hit, ...]
    view: View
    """Of the document at this cursor: typing on changes nothing of it."""

    def spares(self, request: Request, exclude: Exclusion | None) -> bool:
        """True if going on from here costs less than reading the request's own prompt.

        Where no chunks were read and R is the same, its own prompt costs no more, and the decision
        is a fresh one.
        """
        then = self.request
        if not (self.decision.retrieved or request.after != then.after):
            return False
        if exclude != self.exclude or request.correction is not then.correction:
            return False
        return _reading(request.settings) == _reading(then.settings) and _goes_on(request, then)

    def is_worn(self, request: Request) -> bool:
        """True if so much was typed since that a prompt of the request's own is worth reading."""
        typed = self.typed(request)
        return "\n" in typed or 2 * len(typed.encode("utf-8", "replace")) > MOST_TYPED

    def typed(self, request: Request) -> str:
        """The text that a request which goes on from here has beyond the anchor."""
        return request.before[len(self.request.before) :]


class Anchors:
    """The anchors of the latest documents; owned by the thread that owns the model."""

    def __init__(self) -> None:
        self._by_document: OrderedDict[tuple[str, str], Anchor] = OrderedDict()  # latest last

    def find(self, request: Request, exclude: Exclusion | None) -> Anchor | None:
        """The anchor to go on from; None where the request's own prompt is to be read.

        That is read also for alternatives, which are to be the best there are, and without healing:
        text that is not healed at its end does harm where the text to write begins (`view`).
        """
        anchor = self._by_document.get(request.document)
        if anchor is None or request.alternatives or not request.settings.token_healing:
            return None
        if not anchor.spares(request, exclude):
            return None
        return anchor

    def keep(self, anchor: Anchor) -> None:
        """Take the place of the document's older anchor."""
        key = anchor.request.document
        self._by_document[key] = anchor
        self._by_document.move_to_end(key)
        while len(self._by_document) > MOST_ANCHORS:
            self._by_document.popitem(last=False)


def _goes_on(request: Request, then: Request) -> bool:
    """True if nothing but a little text, and the brackets closed for it, was added."""
    typed = request.before[len(then.before) :]
    if not request.before.startswith(then.before) or not request.after.endswith(then.after):
        return False
    if len(typed.encode("utf-8", "replace")) > MOST_TYPED or typed.endswith("\r"):
        return False
    closed = request.after[: len(request.after) - len(then.after)]
    return _closers(typed).startswith(closed)


def _closers(typed: str) -> str:
    """The closing signs of the brackets and quotes that `typed` leaves open, innermost first."""
    stack: list[str] = []
    for sign in typed:
        if stack and sign == stack[-1]:
            stack.pop()
        elif sign in _CLOSED_BY:
            stack.append(_CLOSED_BY[sign])
    return "".join(reversed(stack))


def _reading(settings: Settings) -> Settings:
    """The settings that matter to reading a prompt; the others may differ."""
    return replace(settings, min_probability=0.0, max_lines=1, debounce_ms=0)
