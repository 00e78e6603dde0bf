"""Decoding: from a prompt to the bytes of the target, one token at a time.

Each step forbids the model what would contradict the text that healing gave back, mixes its
distribution with the workspace cache's, and takes the likeliest token (greedy decoding).
When to stop for the text's sake is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sidelong.engine.healing import Pieces
from sidelong.engine.model.protocol import Cancel, Logits, Model
from sidelong.engine.ngram import NgramCache

SURE = 0.1
"""Lines after the first are written as long as the whole text is at least this probable.

With the first edition half of the lines so written are right (training/LOG.md).
"""

RECENT = 16
"""Tokens before the cursor that the workspace cache looks up, at most."""

RUNNERS_UP = 4
"""Tokens noted beside the one taken, where they are asked for."""


@dataclass(frozen=True)
class Choice:
    """A token that may come next."""

    token: int
    piece: bytes
    probability: float


@dataclass(frozen=True)
class Step:
    """The token that was taken at one place, and the likeliest of the others, best first."""

    taken: Choice
    others: tuple[Choice, ...]


@dataclass(frozen=True)
class Generated:
    """A completion as the decoder left it, not yet trimmed."""

    text: str
    """Without the text that was owed to healing."""
    tokens: int
    """Tokens decoded; those whose logits the model still knew are not counted."""
    probability: float
    """The product of the probabilities of the text's tokens."""
    reason: str
    """The end of it: `finished` (the model did), `stopped`, `unsure`, or `max-tokens`; of a text
    that was collected also `cut`, or `astray` if it contradicts the text owed to healing."""
    steps: tuple[Step, ...] = ()
    """Those of the first line, in order and the healed text's included, where asked for."""


class Cut(Exception):
    """A source of pieces has failed before the end of its text."""


@dataclass(frozen=True)
class Plan:
    """The terms on which every text of a request is written."""

    context: Sequence[int]
    """The tokens before the cursor, which the workspace cache looks up."""
    owed: bytes
    """The text that healing gave back: every text begins with it, and it is not returned."""
    max_tokens: int
    stop: Callable[[str], bool]
    """Asked with the text after each token; true ends it."""
    least: float = 0.0
    """A first line less probable than this is not written to its end, and nothing is returned."""
    sure: float = SURE
    """Further lines are returned whole, and only while all of the text is this probable."""
    note: bool = False
    """True keeps the steps of the first line."""


def generate(
    model: Model,
    prompt: Sequence[int],
    logits: Logits,
    plan: Plan,
    *,
    cancel: Cancel,
    cache: NgramCache | None = None,
    begun: Sequence[Choice] = (),
) -> Generated:
    """Continue `prompt`, whose next-token logits [V] are known.

    `begun` is taken first, whatever the model thinks of it.
    Raises `Stopped` when `cancel` is set.
    """
    first = [choice.token for choice in begun]
    sequence, recent = [*prompt, *first], [*plan.context[-RECENT:], *first]
    text, steps, known = _Text(plan.owed), _Steps(model, note=plan.note), 0
    for choice in begun:
        text.probability *= choice.probability
        text.add(choice.piece)

    def ended(generated: Generated) -> Generated:
        return replace(generated, tokens=generated.tokens - known, steps=tuple(steps.noted))

    for n in range(len(begun), plan.max_tokens):
        if n:
            if not text.still_owed and plan.stop(text.written):
                return ended(text.all(n, "stopped"))
            if text.has_whole_line and text.probability < plan.sure:
                return ended(text.whole_lines(n, "unsure"))  # No token makes it more probable.
            evaluation = model.evaluate(sequence, rows=1, cancel=cancel)
            logits, known = evaluation.logits[0], known + (not evaluation.evaluated)
        cancel.check()
        probabilities = distribution(model.pieces, logits, text.still_owed)
        if cache is not None:
            probabilities = cache.mix(
                probabilities, recent, owed=text.still_owed, begun=bool(text.written)
            )
        token = int(probabilities.argmax())
        text.probability *= float(probabilities[token])
        if text.probability < (plan.sure if text.has_whole_line else plan.least):
            return ended(text.whole_lines(n + 1, "unsure"))
        if not text.has_whole_line:
            steps.add(token, probabilities)
        piece = model.pieces.pieces[token]
        if not piece:
            return ended(text.all(n, "finished"))
        text.add(piece)
        sequence.append(token)
        recent.append(token)
    if not text.still_owed and plan.stop(text.written):
        return ended(text.all(plan.max_tokens, "stopped"))
    finish = text.whole_lines if text.has_whole_line else text.all
    return ended(finish(plan.max_tokens, "max-tokens"))


def collect(pieces: Iterable[tuple[str, float]], plan: Plan) -> Generated:
    """The text of pieces that a model elsewhere writes, ended by the same rules as `generate`'s.

    Each comes with its probability; an empty one says that the model has finished, and pieces that
    end without it that the budget is used. Raises `Cut` where the pieces do, unless whole lines
    had come.
    """
    text, n = _Text(plan.owed), 0
    try:
        for n, (piece, probability) in enumerate(pieces, 1):
            text.probability *= probability
            if text.probability < (plan.sure if text.has_whole_line else plan.least):
                return text.whole_lines(n, "unsure")
            if not piece:
                return text.all(n, "astray" if text.still_owed else "finished")
            text.add(piece.encode("utf-8", "replace"))
            if text.is_astray:
                return text.all(n, "astray")
            if not text.still_owed and plan.stop(text.written):
                return text.all(n, "stopped")
    except Cut:
        if not text.has_whole_line:
            raise
        return text.whole_lines(n, "cut")
    finish = text.whole_lines if text.has_whole_line else text.all
    return finish(n, "astray" if text.still_owed else "max-tokens")


class _Steps:
    """Notes what else might have been written; nothing, and at no cost, unless asked for."""

    def __init__(self, model: Model, *, note: bool) -> None:
        self._pieces = model.pieces.pieces
        self._note = note
        self.noted: list[Step] = []

    def add(self, token: int, probabilities: npt.NDArray[np.float64]) -> None:
        """The token taken of the distribution [V]."""
        if not self._note:
            return
        n = min(RUNNERS_UP + 1, len(probabilities))
        best = np.argpartition(probabilities, -n)[-n:]
        best = best[np.argsort(-probabilities[best])]
        others = [self._choice(int(i), probabilities) for i in best if i != token]
        taken = self._choice(token, probabilities)
        self.noted.append(Step(taken, tuple(choice for choice in others if choice.piece)))

    def _choice(self, token: int, probabilities: npt.NDArray[np.float64]) -> Choice:
        return Choice(token, self._pieces[token], float(probabilities[token]))


class _Text:
    """A text in the making: its bytes, its probability, and the end of its last whole line."""

    def __init__(self, owed: bytes) -> None:
        self.probability = 1.0
        """Of everything written, and of the token that is about to be."""
        self._owed = owed
        self._bytes = b""
        self._whole = (0, 0.0)
        """Length in bytes of the whole lines without the last line end, and their probability."""

    @property
    def still_owed(self) -> bytes:
        """The part of healing's text that is not yet written again."""
        return self._owed[len(self._bytes) :]

    @property
    def is_astray(self) -> bool:
        """True if the text is another than healing's."""
        return not (self._bytes.startswith(self._owed) or self._owed.startswith(self._bytes))

    @property
    def written(self) -> str:
        """The text beyond that; a character cut in two at the end is left out."""
        return self._bytes[len(self._owed) :].decode("utf-8", "ignore")

    @property
    def has_whole_line(self) -> bool:
        """True once the first line has ended."""
        return self._whole[0] > 0

    def add(self, piece: bytes) -> None:
        """Append a token."""
        start = max(len(self._bytes), len(self._owed))
        self._bytes += piece
        newline = self._bytes.find(b"\n", start)
        if newline > len(self._owed):
            self._whole = (newline, self.probability)

    def all(self, n_tokens: int, reason: str) -> Generated:
        """Everything that was written."""
        return Generated(self.written, n_tokens, self.probability, reason)

    def whole_lines(self, n_tokens: int, reason: str) -> Generated:
        """The whole lines; nothing where there are none."""
        length, probability = self._whole
        text = self._bytes[len(self._owed) : length].decode("utf-8", "ignore")
        return Generated(text, n_tokens, probability if length else self.probability, reason)


def distribution(pieces: Pieces, logits: Logits, owed: bytes) -> npt.NDArray[np.float64]:
    """The model's next-token distribution [V], over the tokens that do not contradict `owed`.

    They are all kept where none of those is at all likely.
    """
    weights: npt.NDArray[np.float64] = np.exp(logits - logits.max(), dtype=np.float64)
    weights /= weights.sum()
    if not owed:
        return weights
    allowed = pieces.allowed(owed)
    total = float(weights[allowed].sum())
    return np.where(allowed, weights, 0.0) / total if total > 0 else weights
