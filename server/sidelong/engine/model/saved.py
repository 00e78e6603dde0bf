"""The KV caches of prompts that were left for others, so that going back does not read them again.

Copies lie in ordinary memory and take milliseconds to make, where reading takes seconds; copying
itself is left to `llama`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST_BYTES = 80_000_000
"""Six prompts of the default model at its budget."""

WORTH = 128
"""Tokens; a difference of fewer is read again rather than copied."""

BACK = 8
"""Tokens before the last wanted row where a state that cannot be cut back is copied: healing gives
back at most four, and a word that grows may change as many."""

STEP = 4
"""Tokens between such copies while somebody types."""

CHECKPOINT_TOKENS = BACK + STEP
"""The most that a keystroke evaluates more for a state that cannot be cut back."""


@dataclass(frozen=True)
class Saved:
    """A KV cache as llama.cpp serialises it, and the tokens that it holds."""

    tokens: list[int]
    state: npt.NDArray[np.uint8]


class SavedPrompts:
    """Copies of KV caches; the one that was used least recently goes first.

    Owned by the thread that owns the model.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: list[Saved] = []  # latest last

    @property
    def bytes(self) -> int:
        """The size of all copies."""
        return sum(saved.state.nbytes for saved in self._kept)

    def fits(self, n_bytes: int) -> bool:
        """True if a copy of this size may be kept."""
        return n_bytes <= self._most_bytes

    def keep(self, saved: Saved) -> None:
        """Keep a copy in the place of those it is worth as much as."""
        self._kept = [old for old in self._kept if not _covers(saved.tokens, old.tokens)]
        self._kept.append(saved)
        while self.bytes > self._most_bytes:
            del self._kept[0]

    def take(self, tokens: Sequence[int], *, better_than: int) -> Saved | None:
        """The copy that shares the longest prefix with `tokens`, which is kept no longer.

        None if that is not longer than `better_than` by as much as copying is worth.
        """
        best = max(self._kept, key=lambda saved: common_prefix(saved.tokens, tokens), default=None)
        if best is None or common_prefix(best.tokens, tokens) < better_than + WORTH:
            return None
        self._kept = [saved for saved in self._kept if saved is not best]
        return best

    def clear(self) -> None:
        """Forget all copies."""
        self._kept.clear()


class Checkpoints:
    """Copies of a state that cannot be cut back, which are gone back to instead.

    The one that was used least recently goes first; two are kept whatever their size, for the
    largest models have states of nearly a hundred megabytes.
    Owned by the thread that owns the model.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: list[Saved] = []  # latest last

    def keep(self, saved: Saved) -> None:
        """Keep a copy, and let go of older ones for it."""
        self._kept.append(saved)
        while len(self._kept) > 2 and sum(s.state.nbytes for s in self._kept) > self._most_bytes:
            del self._kept[0]

    def before(self, tokens: Sequence[int]) -> Saved | None:
        """The longest copy whose tokens `tokens` begin with, if any."""
        usable = [saved for saved in self._kept if saved.tokens == tokens[: len(saved.tokens)]]
        best = max(usable, key=lambda saved: len(saved.tokens), default=None)
        if best is not None:
            self._kept = [*(saved for saved in self._kept if saved is not best), best]
        return best

    def clear(self) -> None:
        """Forget all copies."""
        self._kept.clear()


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """The number of tokens that both begin with."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    return next(i for i in range(n) if a[i] != b[i])


def _covers(new: Sequence[int], old: Sequence[int]) -> bool:
    """True if little of the old prompt would have to be read behind the new one's prefix."""
    return len(old) - common_prefix(new, old) < WORTH
