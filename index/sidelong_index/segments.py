"""The segments of an index as they come and go: a file that changes costs that file.

New text goes into small segments; several of one size are merged into one, so each chunk is
rewritten a logarithmic number of times (a log-structured merge tree). A file that is replaced or
removed is only marked dead in its segment, which is rewritten once half of it is dead.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from sidelong_index.chunk import DEFAULT, ChunkOptions
from sidelong_index.segment import SegmentBuilder, merge
from sidelong_index.snapshot import Part, Snapshot

logger = logging.getLogger(__name__)

_MERGE_AT = 4
"""So many segments of one tier become one; a tier's are four times the size of the one below."""

_SMALLEST = 64
_LARGEST = 200_000
"""Chunks. A larger segment is left alone: merging two of these takes seconds."""


class Segments:
    """The current set of segments. Belongs to one thread; snapshots of it never change."""

    def __init__(self, options: ChunkOptions = DEFAULT, parts: Sequence[Part] = ()) -> None:
        self._options = options
        self.parts: tuple[Part, ...] = tuple(parts)

    def replace(self, gone: Collection[str], files: Iterable[tuple[str, str]]) -> list[str]:
        """Remove some paths, and add (path, text) pairs in place of any former text of theirs.

        Returns the paths that could not be added; they are logged, and gone.
        """
        builder = SegmentBuilder(self._options)
        added: list[str] = []
        failed: list[str] = []
        for path, text in files:
            (added if _add(builder, path, text) else failed).append(path)
        stale = {*gone, *added, *failed}
        parts = [part.without(stale) for part in self.parts]
        if added:
            parts.append(Part.of(builder.build()))
        self.parts = _tidy(parts)
        return failed

    def snapshot(self, root: Path | None) -> Snapshot:
        """All of it, to be searched."""
        return Snapshot(self.parts, root=root)


def _add(builder: SegmentBuilder, path: str, text: str) -> bool:
    """A failure in one file costs that file."""
    try:
        builder.add(path, text)
    except Exception:
        logger.exception("%s is left out of the index: cutting it failed", path)
        return False
    return True


def compact(part: Part) -> Part:
    """The same files without a trace of dead ones."""
    return Part.of(merge([(part.segment, part.alive)]))


def _tidy(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The same files in fewer and fuller segments."""
    kept = [_without_waste(part) for part in parts if part.files]
    while group := _to_merge(kept):
        merged = merge([(part.segment, part.alive) for part in group])
        kept = [part for part in kept if not any(part is g for g in group)]
        kept.append(Part.of(merged))
    return tuple(kept)


def _without_waste(part: Part) -> Part:
    return compact(part) if part.dead_chunks.size > part.chunks else part


def _to_merge(parts: Iterable[Part]) -> list[Part]:
    tiers: dict[int, list[Part]] = defaultdict(list)
    for part in parts:
        if part.chunks <= _LARGEST:
            tiers[_tier(part.chunks)].append(part)
    full = (tier for _, tier in sorted(tiers.items()) if len(tier) >= _MERGE_AT)
    return next(full, [])


def _tier(chunks: int) -> int:
    return ((chunks // _SMALLEST).bit_length() + 1) // 2
