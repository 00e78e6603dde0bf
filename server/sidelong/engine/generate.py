"""Decoding: from a prompt to the bytes of the target, one token at a time.

Each step forbids the model what would contradict the text that healing gave back, mixes its
distribution with the workspace cache's, and takes the likeliest token (greedy decoding).
When to stop for the text's sake is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """Tokens decoded."""
    probability: float
    """The product of the probabilities of the text's tokens: how likely all of it is right."""
    reason: str
    """What ended it: `finished` (the model did), `stopped`, `unsure`, or `max-tokens`."""
    decisions: tuple[Step, ...] = ()
    """Those of the first line, in order and the healed text's included, where asked for."""


def generate(
    model: Model,
    prompt: Sequence[int],
    logits: Logits,
    *,
    context: Sequence[int],
    owed: bytes,
    cache: NgramCache | None,
    max_tokens: int,
    stop: Callable[[str], bool],
    cancel: Cancel,
    least: float = 0.0,
    sure: float = SURE,
    begun: Sequence[Choice] = (),
    note: bool = False,
) -> Generated:
    """Continue `prompt`, whose next-token logits [V] are known.

    `context` are the tokens before the cursor, which the cache looks up;
    the text begins with `owed`, which was given back by healing and is not returned;
    `stop` is asked with the text after each token.
    A first line less probable than `least` is not written to its end and nothing is returned;
    further lines are returned whole, and only while all of the text is `sure`.
    `begun` is taken first, whatever the model thinks of it.
    `note` keeps the first line's decisions.
    Raises `Stopped` when `cancel` is set.
    """
    first = [choice.token for choice in begun]
    sequence, recent = [*prompt, *first], [*context[-RECENT:], *first]
    draft, decisions = _Draft(owed), _Decisions(model, note=note)
    for choice in begun:
        draft.probability *= choice.probability
        draft.add(choice.piece)

    def ended(generated: Generated) -> Generated:
        return replace(generated, decisions=tuple(decisions.noted))

    for n in range(len(begun), max_tokens):
        if n:
            if not draft.still_owed and stop(draft.text):
                return ended(draft.all(n, "stopped"))
            logits = model.evaluate(sequence, rows=1, cancel=cancel).logits[0]
        cancel.check()
        probabilities = distribution(model.pieces, logits, draft.still_owed)
        if cache is not None:
            probabilities = cache.mix(
                probabilities, recent, owed=draft.still_owed, begun=bool(draft.text)
            )
        token = int(probabilities.argmax())
        draft.probability *= float(probabilities[token])
        if draft.probability < (sure if draft.has_whole_line else least):
            return ended(draft.whole_lines(n + 1, "unsure"))
        if not draft.has_whole_line:
            decisions.add(token, probabilities)
        piece = model.pieces.pieces[token]
        if not piece:
            return ended(draft.all(n, "finished"))
        draft.add(piece)
        sequence.append(token)
        recent.append(token)
    if not draft.still_owed and stop(draft.text):
        return ended(draft.all(max_tokens, "stopped"))
    finish = draft.whole_lines if draft.has_whole_line else draft.all
    return ended(finish(max_tokens, "max-tokens"))


class _Decisions:
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


class _Draft:
    """What has been written, how probable it is, and where its last whole line ends."""

    def __init__(self, owed: bytes) -> None:
        self.probability = 1.0
        """Of everything written, and of the token that is about to be."""
        self._owed = owed
        self._written = b""
        self._whole = (0, 0.0)
        """Length in bytes of the whole lines without the last line end, and their probability."""

    @property
    def still_owed(self) -> bytes:
        """What healing gave back and is not yet written again."""
        return self._owed[len(self._written) :]

    @property
    def text(self) -> str:
        """What was written beyond that; a character cut in two at the end is left out."""
        return self._written[len(self._owed) :].decode("utf-8", "ignore")

    @property
    def has_whole_line(self) -> bool:
        """Whether the first line has ended."""
        return self._whole[0] > 0

    def add(self, piece: bytes) -> None:
        """Append a token."""
        start = max(len(self._written), len(self._owed))
        self._written += piece
        newline = self._written.find(b"\n", start)
        if newline > len(self._owed):
            self._whole = (newline, self.probability)

    def all(self, n_tokens: int, reason: str) -> Generated:
        """Everything that was written."""
        return Generated(self.text, n_tokens, self.probability, reason)

    def whole_lines(self, n_tokens: int, reason: str) -> Generated:
        """The whole lines; nothing where there are none."""
        length, probability = self._whole
        text = self._written[len(self._owed) : length].decode("utf-8", "ignore")
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
