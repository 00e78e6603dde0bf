"""The index as it was at one moment, to be searched without locks.

The next one is made by the `writer`; `score` skips most of the work of a search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sidelong_index.chunk import DEFAULT, ChunkOptions
from sidelong_index.score import Found, Ids, top
from sidelong_index.segment import Segment, SegmentBuilder
from sidelong_index.terms import hash_words, words

if TYPE_CHECKING:
    from pathlib import Path

QUERY_LINES = 10
"""Lines before and after the cursor's line that make the query."""

QUERY_CHARACTERS = 16_000
"""The most on each side of the cursor. Code stays far below; generated files have lines of
megabytes, and taking the words of those at every keystroke takes seconds."""

_BUILD_CHUNKS = 200_000
"""A segment of so many chunks takes about 250 MB while it is built."""


@dataclass(frozen=True)
class Hit:
    """One retrieved chunk."""

    path: str
    """Relative to the root, '/' separated."""
    start_line: int
    end_line: int
    """First and last line, counted from 1."""
    score: float
    """Jaccard similarity to the query, above 0 and at most 1."""
    text: str
    """The lines as they stand, '\\n' between them."""
    context: str
    """The signature lines of enclosing definitions above the chunk; '' or ends with '\\n'."""


@dataclass(frozen=True)
class Exclusion:
    """Text that must not be retrieved: the open file's own lines around the cursor.

    Chunks of `path` that overlap `start_line..end_line` (from 1, inclusive) are no candidates, and
    no chunk's context holds one of these lines.
    """

    path: str
    start_line: int
    end_line: int

    def holds(self, path: str, line: int) -> bool:
        """True if this line of a file is excluded."""
        return path == self.path and self.start_line <= line <= self.end_line


@dataclass(frozen=True)
class Part:
    """A segment with those of its files that are alive."""

    segment: Segment
    alive: NDArray[np.bool_]
    """For each file of the segment."""
    dead_chunks: Ids
    """The chunks of files that are not alive, ascending."""

    @classmethod
    def of(cls, segment: Segment) -> Part:
        """A segment with all its files alive."""
        return cls(segment, np.ones(len(segment.paths), np.bool_), np.empty(0, np.intp))

    @property
    def files(self) -> int:
        """The number of files that are alive."""
        return int(self.alive.sum())

    @property
    def chunks(self) -> int:
        """The number of chunks that are alive."""
        return self.segment.chunks - int(self.dead_chunks.size)

    def paths(self) -> Iterator[str]:
        """The files that are alive."""
        return (self.segment.paths[file] for file in np.flatnonzero(self.alive))

    def without(self, paths: Iterable[str]) -> Part:
        """The same segment with these files dead, as far as it has them; itself if it has none."""
        positions = self.segment.positions
        gone = [positions[path] for path in paths if path in positions]
        gone = [file for file in gone if self.alive[file]]
        if not gone:
            return self
        alive = self.alive.copy()
        alive[gone] = False
        chunks = [np.array(self.segment.chunks_of(file), np.intp) for file in gone]
        dead = np.sort(np.concatenate([self.dead_chunks, *chunks]))
        return replace(self, alive=alive, dead_chunks=dead)

    def overlapping(self, exclude: Exclusion) -> Ids:
        """The chunks that an exclusion names."""
        file = self.segment.positions.get(exclude.path)
        if file is None:
            return np.empty(0, np.intp)
        ids = np.array(self.segment.chunks_of(file), np.intp)
        starts, ends = self.segment.starts[ids], self.segment.ends[ids]
        return np.asarray(ids[(starts <= exclude.end_line) & (ends >= exclude.start_line)])


@dataclass(frozen=True)
class Ranking:
    """The best chunks of a search, their texts not yet unpacked, and the cost of the search."""

    places: tuple[tuple[float, str, int, Part, int], ...]
    """(score, path, start line, part, chunk), best first."""
    postings_read: int


class Snapshot:
    """The files of a root as they were at one moment; immutable, for any thread, without locks."""

    def __init__(self, parts: Iterable[Part] = (), *, root: Path | None = None) -> None:
        self.root = root
        self.parts = tuple(sorted(parts, key=attrgetter("segment.chunks"), reverse=True))
        self.files = sum(part.files for part in self.parts)
        self.chunks = sum(part.chunks for part in self.parts)

    def paths(self) -> list[str]:
        """The paths of all files, in no order."""
        return [path for part in self.parts for path in part.paths()]

    def search(self, query: str, *, k: int, exclude: Exclusion | None = None) -> list[Hit]:
        """The k chunks most similar to `query`, best first; exact, and only scores above 0.

        Similar is the Jaccard similarity of the sets of words. Equal scores are ordered by path
        and start line.
        """
        return _hits(self.rank(query, k=k, exclude=exclude), exclude)

    def rank(self, query: str, *, k: int, exclude: Exclusion | None = None) -> Ranking:
        """The hits of `search` without their texts, and how many postings were read for them."""
        hashes = hash_words(words(query))
        places: list[tuple[float, str, int, Part, int]] = []
        floor, read = 0.0, 0
        for part in self.parts if k > 0 and hashes.size else ():
            dead = part.dead_chunks
            if exclude is not None:
                dead = np.union1d(dead, part.overlapping(exclude))
            found = top(part.segment.postings, hashes, k=k, dead=dead, floor=floor)
            read += found.postings_read
            places = sorted([*places, *_places(part, found)], key=lambda p: (-p[0], *p[1:3]))[:k]
            floor = places[-1][0] if len(places) == k else 0.0
        return Ranking(tuple(places), read)


def build(files: Iterable[tuple[str, str]], *, options: ChunkOptions = DEFAULT) -> Snapshot:
    """A snapshot of (path, text) pairs from memory; a path may come once."""
    parts = []
    builder = SegmentBuilder(options)
    for path, text in files:
        builder.add(path, text)
        if builder.chunks >= _BUILD_CHUNKS:
            parts.append(Part.of(builder.build()))
            builder = SegmentBuilder(options)
    parts.append(Part.of(builder.build()))
    return Snapshot(parts)


def query_around(text: str, offset: int) -> tuple[str, tuple[int, int]]:
    """The text to search with when the cursor is at `offset`, and its first and last line.

    That is the cursor's line with ten lines before and ten after, cut where they are longer than
    any code. The lines, counted from 1, are for an `Exclusion` of the same file.
    """
    (start, end), lines = span_around(text, offset, QUERY_LINES)
    return text[max(start, offset - QUERY_CHARACTERS) : min(end, offset + QUERY_CHARACTERS)], lines


def span_around(text: str, offset: int, lines: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Start and end of the cursor's line with so many lines before and after, and their numbers.

    The end is that of the last line without its line end; numbers count from 1.
    """
    start = end = offset
    line = text.count("\n", 0, offset) + 1
    first, last = line - lines, line + lines
    for _ in range(lines + 1):
        start = text.rfind("\n", 0, max(start, 0))
        if start < 0:
            first = 1
            break
    for _ in range(lines + 1):
        end = text.find("\n", end) + 1
        if end == 0:
            end, last = len(text) + 1, line + text.count("\n", offset)
            break
    return (start + 1, end - 1), (first, last)


def _places(part: Part, found: Found) -> Iterator[tuple[float, str, int, Part, int]]:
    segment = part.segment
    files = segment.file_of(found.chunks).tolist()
    chunks = found.chunks.tolist()
    for score, file, chunk in zip(found.scores.tolist(), files, chunks, strict=True):
        yield score, segment.paths[file], int(segment.starts[chunk]), part, chunk


def _hits(ranking: Ranking, exclude: Exclusion | None) -> list[Hit]:
    hits = []
    lines_of: dict[str, Sequence[str]] = {}
    for score, path, start, part, chunk in ranking.places:
        segment = part.segment
        if path not in lines_of:
            lines_of[path] = segment.lines(segment.positions[path])
        lines = lines_of[path]
        end = int(segment.ends[chunk])
        context = "".join(
            f"{lines[line - 1]}\n"
            for line in segment.context_lines(chunk)
            if exclude is None or not exclude.holds(path, line)
        )
        hits.append(Hit(path, start, end, score, "\n".join(lines[start - 1 : end]), context))
    return hits
