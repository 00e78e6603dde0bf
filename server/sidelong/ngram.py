"""The workspace cache: a second model, of the n-grams of the open file and of retrieved chunks.

Code repeats itself locally (Hellendoorn and Devanbu, FSE 2017), so a next-token distribution read
off what was just written, mixed into the model's, is worth more than a larger model.
Nothing is counted beforehand: the places where the last tokens occurred are found by comparing
arrays while decoding, so an edit costs nothing but tokenising its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sidelong.prompt import Tokenize

WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6)
"""Share of the cache in the mixture by length of the longest match, from 1 token on.

Best of six on 480 blanks of packages not trained on, with the first edition (training/LOG.md).
"""

FILE_CHARS = 96_000
"""Most text of the open file that is searched, three quarters of it before the cursor."""

SEPARATOR = -1

_SEGMENT = re.compile(r"(?<=\S)(?=\n)")


class LineTokens:
    """Tokenises text piece by piece and remembers the pieces, for text that changes slowly.

    The cuts stand before line ends that follow visible text, where byte-pair encodings of
    GPT-2's kind cut anyway, so that the tokens are those of the whole text.
    """

    def __init__(self, tokenize: Tokenize, *, remembered: int = 20_000) -> None:
        @lru_cache(maxsize=remembered)
        def segment(text: str) -> tuple[int, ...]:
            return tuple(tokenize(text))

        self._segment = segment

    def __call__(self, text: str) -> list[int]:
        return [token for part in _SEGMENT.split(text) for token in self._segment(part)]


class NgramCache:
    """A next-token distribution over what follows the last tokens elsewhere."""

    def __init__(
        self,
        sources: Iterable[Sequence[int]],
        *,
        vocab_size: int,
        weights: Sequence[float] = WEIGHTS,
    ) -> None:
        """`sources` are token sequences; no n-gram reaches across two of them.

        `weights` give the cache's share by match length; their number is the longest compared.
        """
        joined: list[int] = []
        for source in sources:
            joined.extend(source)
            joined.append(SEPARATOR)
        self._tokens = np.array(joined, dtype=np.int32)
        self._vocab_size = vocab_size
        self._weights = tuple(weights)

    def followers(self, context: Sequence[int]) -> tuple[npt.NDArray[np.int32], int]:
        """The tokens that followed the longest match of `context`'s end, and its length.

        A token stands there once for each place; empty and 0 if even the last never occurred.
        """
        tokens = self._tokens
        if not len(context) or len(tokens) < 2:
            return np.empty(0, dtype=np.int32), 0
        places = np.flatnonzero(tokens[:-1] == context[-1])
        places = places[tokens[places + 1] != SEPARATOR]
        length = min(1, len(places))
        while length and length < min(len(self._weights), len(context)):
            earlier = places - length
            longer = places[(earlier >= 0) & (tokens[earlier] == context[-1 - length])]
            if not len(longer):
                break
            places, length = longer, length + 1
        return tokens[places + 1], length

    def mix(
        self, probabilities: npt.NDArray[np.float64], context: Sequence[int]
    ) -> npt.NDArray[np.float64]:
        """The model's next-token distribution [V] with the cache's mixed in."""
        followers, length = self.followers(context)
        if not length:
            return probabilities
        counts = np.bincount(followers, minlength=self._vocab_size)
        weight = self._weights[length - 1]
        return (1 - weight) * probabilities + weight * counts / len(followers)


def file_sources(before: str, after: str, tokenize: Tokenize) -> list[list[int]]:
    """The open file's text near the cursor as two token sequences with the cursor between."""
    room = FILE_CHARS // 4
    above = before[-3 * room :]
    below = after[:room]
    return [tokenize(above), tokenize(below)]
