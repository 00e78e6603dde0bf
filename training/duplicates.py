"""Exact and near duplicates among source files, by MinHash over their lines.

Lines stripped of white space are the shingles: code is copied by the line, and hashing lines
is an order of magnitude cheaper than hashing token n-grams. It leaves what to do to the caller.
"""

from __future__ import annotations

import hashlib
import zlib

import numpy as np
import numpy.typing as npt

BANDS, ROWS = 16, 4
"""Two files meet with probability 1 - (1 - J^4)^16: 99 % at J = 0.7, 10 % at J = 0.28."""

NEAR = 0.6
"""The estimated Jaccard similarity of lines from which a file counts as a near duplicate."""

MIN_LINE_CHARS = 4


class Duplicates:
    """Remembers every text it was shown and says of each whether it came (nearly) before."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._factors = rng.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
        self._exact: set[bytes] = set()
        self._signatures: list[npt.NDArray[np.uint64]] = []
        self._buckets: dict[tuple[int, bytes], list[int]] = {}

    def seen(self, text: str) -> str:
        """'duplicate', 'near duplicate' or ''; in the last case the text is remembered."""
        digest = hashlib.sha256("".join(text.split()).encode()).digest()
        if digest in self._exact:
            return "duplicate"
        signature = self._signature(text)
        keys = [(b, signature[b * ROWS : (b + 1) * ROWS].tobytes()) for b in range(BANDS)]
        met = {i for key in keys for i in self._buckets.get(key, ())}
        if any(np.mean(self._signatures[i] == signature) >= NEAR for i in met):
            return "near duplicate"
        self._exact.add(digest)
        self._signatures.append(signature)
        for key in keys:
            self._buckets.setdefault(key, []).append(len(self._signatures) - 1)
        return ""

    def _signature(self, text: str) -> npt.NDArray[np.uint64]:
        lines = {line.strip() for line in text.split("\n")}
        hashes = [zlib.crc32(line.encode()) for line in lines if len(line) >= MIN_LINE_CHARS]
        values = np.array(hashes or [0], dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        values ^= values >> np.uint64(29)
        mixed = values[:, None] * self._factors[None, :]
        lowest: npt.NDArray[np.uint64] = (mixed >> np.uint64(17)).min(axis=0)
        return lowest
