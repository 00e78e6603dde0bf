"""Token healing: the cursor seldom stands where byte-pair encoding would cut; pure.

If L is tokenised as it stands, the model starts from pieces it has hardly seen
(white space without the word that follows, half a word).
So the last tokens of L are given back, and the first generated tokens are held to
begin with the text that was given back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MAX_TOKENS_BACK = 4
"""More than this many tokens are never given back: each must be generated again."""


class Pieces:
    """A vocabulary's pieces (token id to bytes; special tokens are empty), sorted for search."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = tuple(pieces)
        order = sorted((piece, i) for i, piece in enumerate(pieces) if piece)
        self._sorted = [piece for piece, _ in order]
        self._ids = np.array([i for _, i in order], dtype=np.int64)
        self.special = np.array([i for i, piece in enumerate(pieces) if not piece], dtype=np.int64)
        """The special tokens, which write nothing."""

    def split(self, ids: Sequence[int]) -> tuple[list[int], bytes]:
        """Cut L's tokens into those that stay and the bytes that are to be generated again.

        As many tokens are given back as joined still begin some longer token,
        so nothing is given back where every token must end.
        Bytes that are not UTF-8 by themselves (a character cut in two) stay as they are.
        """
        given_back, best = b"", 0
        for n in range(1, min(MAX_TOKENS_BACK, len(ids)) + 1):
            piece = self.pieces[ids[-n]]
            if not piece:
                break
            joined = piece + (given_back if n > 1 else b"")
            given_back = joined
            if self._begins_longer(joined) and _is_utf8(joined):
                best = n
        kept = list(ids[: len(ids) - best])
        return kept, b"".join(self.pieces[i] for i in ids[len(ids) - best :])

    def allowed(self, removed: bytes) -> npt.NDArray[np.bool_]:
        """A mask [V] of the tokens that may come next while `removed` is still owed.

        These are the tokens that begin with all of it and those that are a first part of it.
        """
        mask = self.going_on(removed)
        mask[[token for token, _ in self.parts(removed)]] = True
        return mask

    def going_on(self, removed: bytes) -> npt.NDArray[np.bool_]:
        """A mask [V] of the tokens that begin with all of `removed`."""
        mask = np.zeros(len(self.pieces), dtype=np.bool_)
        start, end = self._range(removed)
        mask[self._ids[start:end]] = True
        return mask

    def parts(self, removed: bytes) -> list[tuple[int, int]]:
        """The tokens that are a first part of `removed`, and the length of each."""
        found = []
        for length in range(1, len(removed)):
            start = bisect_left(self._sorted, removed[:length])
            while start < len(self._sorted) and self._sorted[start] == removed[:length]:
                found.append((int(self._ids[start]), length))
                start += 1
        return found

    def _range(self, beginning: bytes) -> tuple[int, int]:
        """Where in sorted order the pieces that begin with `beginning` stand."""
        start = bisect_left(self._sorted, beginning)
        return start, bisect_left(self._sorted, _successor(beginning), lo=start)

    def _begins_longer(self, text: bytes) -> bool:
        start, end = self._range(text)
        return any(len(self._sorted[i]) > len(text) for i in range(start, min(end, start + 64)))


def _successor(text: bytes) -> bytes:
    """The least byte string greater than all that begin with `text`."""
    stripped = text.rstrip(b"\xff")
    if not stripped:
        return b"\xff" * 64
    return stripped[:-1] + bytes([stripped[-1] + 1])


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
