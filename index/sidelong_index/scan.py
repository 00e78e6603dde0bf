"""The differences between the files as the index knows them and as a walk found them.

The walk itself is in `walk`; `writer` acts on the differences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from sidelong_index.rules import Reason

SETTLED_NS = 2_000_000_000
"""Two seconds, the coarsest clock of a file system in use (FAT)."""


class Stamp(NamedTuple):
    """A file's state as the file system tells it; equal stamps nearly always mean equal bytes."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True)
class Known:
    """A file as it was read: its stamp from just before, its content, and if it was left out."""

    stamp: Stamp
    digest: bytes
    settled: bool
    """True if an equal stamp proves that nothing has changed since."""
    skipped: Reason | None = None


@dataclass(frozen=True)
class Changes:
    """The work that a walk has found."""

    vanished: tuple[str, ...]
    suspect: tuple[str, ...]
    """New, changed, or too fresh when read to be sure: to be read."""


def compare(known: Mapping[str, Known], found: Mapping[str, Stamp]) -> Changes:
    """The differences, in the order of `known` and of `found`."""
    return Changes(
        vanished=tuple(path for path in known if path not in found),
        suspect=tuple(
            path for path, stamp in found.items() if not is_unchanged(known.get(path), stamp)
        ),
    )


def is_settled(stamp: Stamp, now_ns: int) -> bool:
    """True if a file read now would have another stamp after a later write.

    A file can be written twice within one tick of its file system's clock.
    """
    return now_ns - max(stamp.mtime_ns, stamp.ctime_ns) > SETTLED_NS


def digest_of(data: bytes) -> bytes:
    """16 bytes that tell contents apart."""
    return blake2b(data, digest_size=16).digest()


def is_unchanged(known: Known | None, stamp: Stamp) -> bool:
    """True if a file with this stamp is certainly as it was when it was read."""
    return known is not None and known.settled and known.stamp == stamp
