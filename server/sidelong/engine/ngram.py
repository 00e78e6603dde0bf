"""The workspace cache: a second model, of the n-grams of the open file and of retrieved chunks.

Code repeats itself locally (Hellendoorn and Devanbu, FSE 2017), so a next-token distribution read
off what was just written, mixed into the model's, is worth more than a larger model.
Nothing is counted beforehand: the places where the last tokens occurred are found by comparing
arrays while decoding, so an edit costs nothing but tokenising its lines.
How much it has to say is left to `mixture`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from sidelong.engine.healing import Pieces
from sidelong.engine.mixture import Mixture
from sidelong.engine.prompt import Tokenize
from sidelong.engine.steady import steady
from sidelong_index import mask_secrets

FILE_CHARS = 96_000
"""Most text of the open file that is searched, three quarters of it before the cursor."""

SEPARATOR = -1

_SEGMENT = re.compile(r"(?<=\S)(?=\n)")

_SHORT = 256
"""Most characters of a segment that is remembered among many."""

_MOST_SHORT = 20_000
"""Segments."""

_MOST_LONG = 4 * FILE_CHARS
"""Characters; fewer than a file's would have all of its long lines tokenised at each keystroke.

Not segments: somebody who types in a long line makes one at each keystroke.
"""

_PARTS = 4
"""Texts whose tokens are kept for a document: above and below the cursor, and those before."""

Mask = npt.NDArray[np.bool_]
Source: TypeAlias = "Sequence[int] | npt.NDArray[np.int32]"


class LineTokens:
    """Tokenises text piece by piece and remembers the pieces, for text that changes slowly.

    The cuts stand before line ends that follow visible text, where byte-pair encodings of
    GPT-2's kind cut anyway, so that the tokens are those of the whole text.
    """

    def __init__(self, tokenize: Tokenize, pieces: Pieces | None = None) -> None:
        """With the vocabulary's `pieces`, segments that are new are tokenised together.

        A call for each takes three times as long.
        """
        self._tokenize = tokenize
        self._pieces = pieces
        self._short = _Segments(_MOST_SHORT, lambda _segment: 1)
        self._long = _Segments(_MOST_LONG, len)

    def __call__(self, text: str) -> list[int]:
        parts = _SEGMENT.split(text)
        new = self._together([part for part in dict.fromkeys(parts[1:-1]) if part not in self])
        return [token for part in parts for token in self._of(part, new)]

    def __contains__(self, segment: str) -> bool:
        return segment in self._kept_with(segment)

    def _of(self, segment: str, new: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
        kept = self._kept_with(segment)
        tokens = kept.get(segment)
        if tokens is None:
            tokens = new[segment] if segment in new else tuple(self._tokenize(segment))
            kept.add(segment, tokens)
        return tokens

    def _kept_with(self, segment: str) -> _Segments:
        return self._short if len(segment) <= _SHORT else self._long

    def _together(self, segments: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """The tokens of each; none where a token reaches over an end, as with other encodings."""
        if self._pieces is None or len(segments) < 2:
            return {}
        tokens, pieces = self._tokenize("".join(segments)), self._pieces.pieces
        found, at = dict[str, tuple[int, ...]](), 0
        for segment in segments:
            begin, left = at, len(segment.encode("utf-8", "replace"))
            while left > 0 and at < len(tokens):
                left -= len(pieces[tokens[at]])
                at += 1
            if left:
                return {}
            found[segment] = tuple(tokens[begin:at])
        return found


class _Segments:
    """The tokens of the segments that were asked for last, as many as there is room for."""

    def __init__(self, room: int, size: Callable[[str], int]) -> None:
        self._left = room
        self._size = size
        self._known: OrderedDict[str, tuple[int, ...]] = OrderedDict()  # latest last

    def __contains__(self, segment: str) -> bool:
        return segment in self._known

    def get(self, segment: str) -> tuple[int, ...] | None:
        """The segment's tokens; None if they are not kept."""
        tokens = self._known.get(segment)
        if tokens is not None:
            self._known.move_to_end(segment)
        return tokens

    def add(self, segment: str, tokens: tuple[int, ...]) -> None:
        """Keep the tokens of a segment that is not kept yet, in the place of the oldest ones."""
        self._known[segment] = tokens
        self._left -= self._size(segment)
        while self._left < 0:
            self._left += self._size(self._known.popitem(last=False)[0])


class NgramCache:
    """A next-token distribution over what follows the last tokens elsewhere."""

    def __init__(self, sources: Iterable[Source], *, pieces: Pieces, mixture: Mixture) -> None:
        """`sources` are token sequences; no n-gram reaches across two of them."""
        parts = [part for source in sources for part in (source, [SEPARATOR])]
        self._tokens = np.concatenate([np.asarray(part, dtype=np.int32) for part in [[], *parts]])
        self._pieces = pieces
        self._mixture = mixture
        self._all = self._count(self._tokens[self._tokens != SEPARATOR])
        self._beginnings: dict[bytes, Mask] = {b"": self._tokens != SEPARATOR}

    def standing(self, owed: bytes) -> npt.NDArray[np.int64]:
        """Counts of each token [V] in the sources, at places whose text begins with `owed`.

        Half a word that was typed so finds the words that begin with it.
        """
        if not owed:
            return self._all
        return self._count(self._tokens[self._begin(owed)])

    def matches(self, context: Sequence[int], owed: bytes) -> list[npt.NDArray[np.int32]]:
        """The tokens that followed `context`'s last one, its last two, …, as far as any did.

        A token stands there once for each place, where the text there begins with `owed`.
        """
        tokens = self._tokens
        if not len(context) or len(tokens) < 2:
            return []
        places = np.flatnonzero(tokens[:-1] == context[-1])
        places = places[self._begin(owed)[places + 1]]
        longest = min(len(self._mixture.lengths) - 1, len(context))
        found: list[npt.NDArray[np.int32]] = []
        while len(places):
            found.append(tokens[places + 1])
            length = len(found)
            if length == longest:
                break
            earlier = places - length
            places = places[(earlier >= 0) & (tokens[earlier] == context[-1 - length])]
        return found

    def mix(
        self,
        probabilities: npt.NDArray[np.float64],
        context: Sequence[int],
        *,
        owed: bytes,
        begun: bool,
    ) -> npt.NDArray[np.float64]:
        """The model's next-token distribution [V] with the cache's mixed in.

        Once a text is `begun`, the special tokens, its end among them, stay as likely as they are:
        the cache knows none.
        """
        standing, matches = self.standing(owed), self.matches(context, owed)
        sizes = [int(standing.sum()), *map(len, matches)]
        kinds = [int(np.count_nonzero(standing)), *map(_distinct, matches)]
        shares = self._mixture.shares(sizes, kinds, float(probabilities.max()))
        kept, weights = 1.0, np.zeros(len(shares))
        for length in range(len(shares) - 1, -1, -1):
            weights[length] = kept * shares[length] / max(1, sizes[length])
            kept *= 1 - shares[length]
        cached = weights[0] * standing
        if matches:
            each = np.repeat(weights[1:], sizes[1:])
            cached += np.bincount(np.concatenate(matches), each, minlength=len(standing))
        mixed: npt.NDArray[np.float64] = kept * probabilities + cached
        if not begun:
            return mixed
        special = probabilities[self._pieces.special]
        mixed -= float(special.sum()) * cached
        mixed[self._pieces.special] = special
        return mixed

    def _begin(self, owed: bytes) -> Mask:
        """Where in the sources, token for token, a text stands that begins with `owed`."""
        found = self._beginnings.get(owed)
        if found is None:
            tokens = self._tokens
            found = np.logical_and(tokens != SEPARATOR, self._pieces.going_on(owed)[tokens])
            for part, length in self._pieces.parts(owed):
                here = tokens[:-1] == part
                if here.any():
                    found[:-1] |= here & self._begin(owed[length:])[1:]
            self._beginnings[owed] = found
        return found

    def _count(self, tokens: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        return np.bincount(tokens, minlength=len(self._pieces.pieces))


def _distinct(tokens: npt.NDArray[np.int32]) -> int:
    """The number of different tokens; the faster way depends on their number."""
    if len(tokens) < 100:
        return len(set(tokens.tolist()))
    return int(np.count_nonzero(np.bincount(tokens)))


class FileTokens:
    """The tokens near the cursors of one document, without secrets; a key tokenises its own line.

    Owned by the thread that completes.
    """

    def __init__(self) -> None:
        self._of = lru_cache(maxsize=_PARTS)(_masked_tokens)

    def sources(self, before: str, after: str, tokenize: Tokenize) -> list[Source]:
        """The text near the cursor as two token sequences; the cursor stands between them."""
        room = FILE_CHARS // 4
        lines, rest = steady(before, 3 * room)
        above = [self._of(lines, tokenize), _masked_tokens(rest, tokenize)]
        return [np.concatenate(above), self._of(after[:room], tokenize)]


def _masked_tokens(text: str, tokenize: Tokenize) -> npt.NDArray[np.int32]:
    return np.array(tokenize(mask_secrets(text)), dtype=np.int32)
