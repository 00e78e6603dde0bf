"""Decoding: from a prompt to the bytes of the target, one token at a time.

Each step mixes the model's distribution with the workspace cache's, forbids what would
contradict the text that healing gave back, and takes the likeliest token (greedy decoding).
When to stop for the text's sake is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sidelong.model.protocol import Cancel, Logits, Model
from sidelong.ngram import NgramCache


@dataclass(frozen=True)
class Generated:
    """A completion as the decoder left it, not yet trimmed."""

    text: str
    """Without the text that was owed to healing."""
    tokens: int
    """Tokens decoded."""
    logprob: float
    """Sum of the natural logarithms of the chosen tokens' probabilities."""
    finished: bool
    """Whether the model itself ended the text."""


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
) -> Generated:
    """Continue `prompt`, whose next-token logits [V] are known.

    `context` are the tokens before the cursor, which the cache looks up;
    the text begins with `owed`, which was given back by healing and is not returned;
    `stop` is asked with the text after each token.
    Raises `Stopped` when `cancel` is set.
    """
    sequence, recent = list(prompt), list(context[-16:])
    written, logprob, n = b"", 0.0, 0
    while n < max_tokens:
        cancel.check()
        probabilities = _softmax(logits)
        if cache is not None:
            probabilities = cache.mix(probabilities, recent)
        token = _choose(model, probabilities, owed[len(written) :])
        piece = model.pieces.pieces[token]
        if not piece:
            return Generated(_text(written, owed), n, logprob, finished=True)
        n += 1
        logprob += float(np.log(max(probabilities[token], 1e-12)))
        written += piece
        sequence.append(token)
        recent.append(token)
        if len(written) > len(owed) and stop(_text(written, owed)):
            break
        if n < max_tokens:
            logits = model.evaluate(sequence, rows=1, cancel=cancel).logits[0]
    return Generated(_text(written, owed), n, logprob, finished=False)


def _softmax(logits: Logits) -> npt.NDArray[np.float64]:
    weights: npt.NDArray[np.float64] = np.exp(logits - logits.max(), dtype=np.float64)
    weights /= weights.sum()
    return weights


def _choose(model: Model, probabilities: npt.NDArray[np.float64], owed: bytes) -> int:
    """The likeliest token that does not contradict what is still owed."""
    if owed:
        allowed = model.pieces.allowed(owed)
        if allowed.any():
            return int(np.where(allowed, probabilities, -1.0).argmax())
    return int(probabilities.argmax())


def _text(written: bytes, owed: bytes) -> str:
    """What was written beyond `owed`; a character cut in two at the end is left out."""
    return written[len(owed) :].decode("utf-8", "ignore")
