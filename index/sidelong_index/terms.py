"""The terms by which text is compared: the set of words in it, each a 64-bit number.

The sets are compared in `score`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> set[str]:
    """The distinct words of a text: runs of letters and digits, so snake_case is two words."""
    return set(_WORD.findall(text))


def hash_words(distinct: Iterable[str]) -> NDArray[np.uint64]:
    """One number for each word, in order; the same in every process and on every machine.

    Among a million words two collide with a probability of 3e-8, and a collision costs one count.
    """
    return np.fromiter(map(_hash, distinct), dtype=np.uint64)


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
