"""An immutable piece of the index: some files' texts, their chunks and the postings of these.

Which files are alive is in `snapshot`; when segments are made and merged is up to `writer`.
"""

import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sidelong_index.chunk import DEFAULT, Chunk, ChunkOptions, chunk, normalise, split_lines
from sidelong_index.score import Postings
from sidelong_index.secrets import mask_secrets
from sidelong_index.terms import hash_words, words

U32 = NDArray[np.uint32]

_CHUNK_BITS = np.uint64(32)
_CHUNK_MASK = np.uint64(0xFFFF_FFFF)


@dataclass(frozen=True)
class Segment:
    """Files and their chunks; a file is a position in `paths`, a chunk a position in `starts`.

    The chunks of a file are neighbours: file f has the chunks `first_chunk[f]..first_chunk[f + 1]`.
    """

    paths: tuple[str, ...]
    """Relative to the root, '/' separated, none twice."""
    texts: tuple[bytes, ...]
    """Compressed, so that a hit shows the very text that was chunked, without a read from disk."""
    first_chunk: U32
    starts: U32
    ends: U32
    """First and last line of each chunk, counted from 1."""
    first_context: U32
    contexts: U32
    """Chunk c has the context lines `contexts[first_context[c] : first_context[c + 1]]`."""
    postings: Postings
    positions: Mapping[str, int]
    """Path -> position in `paths`."""

    @property
    def chunks(self) -> int:
        """The number of chunks, dead ones included."""
        return int(self.starts.size)

    def chunks_of(self, file: int) -> range:
        """The chunks of a file."""
        return range(int(self.first_chunk[file]), int(self.first_chunk[file + 1]))

    def file_of(self, chunks: NDArray[np.intp]) -> NDArray[np.intp]:
        """The file that each chunk belongs to."""
        return np.searchsorted(self.first_chunk, chunks, side="right") - 1

    def lines(self, file: int) -> list[str]:
        """The lines of a file, as they were when it was chunked."""
        return split_lines(decompress(self.texts[file]))

    def context_lines(self, chunk: int) -> list[int]:
        """The numbers of a chunk's context lines."""
        found: list[int] = self.contexts[
            self.first_context[chunk] : self.first_context[chunk + 1]
        ].tolist()
        return found


def decompress(packed: bytes) -> str:
    """The text that a segment keeps as `packed`."""
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")


class SegmentBuilder:
    """Collects files and makes one segment of them. Belongs to one thread."""

    def __init__(self, options: ChunkOptions = DEFAULT) -> None:
        self._options = options
        self._files: dict[str, tuple[bytes, list[Chunk]]] = {}
        self._vocabulary = _Vocabulary()
        self._piece_terms = array("I")
        self._piece_ends: list[int] = []
        self._chunk_pieces: list[tuple[int, int]] = []

    @property
    def chunks(self) -> int:
        """The number of chunks so far."""
        return len(self._chunk_pieces)

    def add(self, path: str, text: str) -> None:
        """Add a file, without the secrets in it; a path may come once."""
        if path in self._files:
            raise ValueError(f"{path} is in this segment already")
        text = mask_secrets(normalise(text))
        chunks = chunk(path, text, self._options)
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        self._files[path] = (packed, chunks)
        self._add_terms(split_lines(text), chunks)

    def build(self) -> Segment:
        """The segment of all files added."""
        packed = [packed for packed, _ in self._files.values()]
        by_file = [chunks for _, chunks in self._files.values()]
        chunks = [chunk for file in by_file for chunk in file]
        hashes = hash_words(self._vocabulary)
        return assemble(
            paths=tuple(self._files),
            texts=tuple(packed),
            first_chunk=_first(map(len, by_file)),
            starts=_u32(chunk.start_line for chunk in chunks),
            ends=_u32(chunk.end_line for chunk in chunks),
            first_context=_first(len(chunk.context) for chunk in chunks),
            contexts=_u32(line for chunk in chunks for line in chunk.context),
            postings=_postings(hashes, *self._pairs(), n_chunks=len(chunks)),
        )

    def _add_terms(self, lines: Sequence[str], chunks: Sequence[Chunk]) -> None:
        """Overlapping chunks share pieces, and each piece is split into words once."""
        edges = sorted({c.start_line - 1 for c in chunks} | {c.end_line for c in chunks})
        piece_at = {edge: len(self._piece_ends) + i for i, edge in enumerate(edges)}
        for start, end in pairwise(edges):
            distinct = words("\n".join(lines[start:end]))
            self._piece_terms.extend(map(self._vocabulary.__getitem__, distinct))
            self._piece_ends.append(len(self._piece_terms))
        self._chunk_pieces.extend(
            (piece_at[c.start_line - 1], piece_at[c.end_line]) for c in chunks
        )

    def _pairs(self) -> tuple[U32, NDArray[np.uint64]]:
        """Parallel arrays of (term, chunk); a pair may be there several times."""
        terms = np.array(self._piece_terms, dtype=np.uint32)
        bounds = np.array([0, *self._piece_ends], dtype=np.intp)
        pieces = np.array(self._chunk_pieces, dtype=np.intp).reshape(-1, 2)
        begins, ends = bounds[pieces[:, 0]], bounds[pieces[:, 1]]
        chunks = np.repeat(np.arange(len(pieces), dtype=np.uint64), ends - begins)
        return terms[_ranges(begins, ends)], chunks


class _Vocabulary(dict[str, int]):
    """Words in the order in which they were first asked for; asking gives the place."""

    def __missing__(self, word: str) -> int:
        self[word] = place = len(self)
        return place


def merge(parts: Sequence[tuple[Segment, NDArray[np.bool_]]]) -> Segment:
    """One segment of the files that are alive in each; no file may be alive in two."""
    kept = [np.flatnonzero(alive) for _, alive in parts]
    chosen = list(zip((segment for segment, _ in parts), kept, strict=True))
    chunks = [
        _ranges(segment.first_chunk[files], segment.first_chunk[files + 1])
        for segment, files in chosen
    ]
    contexts = [
        segment.contexts[_ranges(segment.first_context[ids], segment.first_context[ids + 1])]
        for (segment, _), ids in zip(chosen, chunks, strict=True)
    ]
    return assemble(
        paths=tuple(segment.paths[file] for segment, files in chosen for file in files),
        texts=tuple(segment.texts[file] for segment, files in chosen for file in files),
        first_chunk=_joined_first([(s.first_chunk, files) for s, files in chosen]),
        starts=_join([s.starts[ids] for (s, _), ids in zip(chosen, chunks, strict=True)]),
        ends=_join([s.ends[ids] for (s, _), ids in zip(chosen, chunks, strict=True)]),
        first_context=_joined_first(
            [(s.first_context, ids) for (s, _), ids in zip(chosen, chunks, strict=True)]
        ),
        contexts=_join(contexts),
        postings=_merge_postings(
            [(s.postings, ids) for (s, _), ids in zip(chosen, chunks, strict=True)]
        ),
    )


def assemble(
    *,
    paths: tuple[str, ...],
    texts: tuple[bytes, ...],
    first_chunk: U32,
    starts: U32,
    ends: U32,
    first_context: U32,
    contexts: U32,
    postings: Postings,
) -> Segment:
    """A segment of its stored parts."""
    positions = {path: i for i, path in enumerate(paths)}
    return Segment(
        paths, texts, first_chunk, starts, ends, first_context, contexts, postings, positions
    )


def _merge_postings(parts: Sequence[tuple[Postings, NDArray[np.intp]]]) -> Postings:
    """The postings of the chosen chunks of each part, numbered on in order."""
    terms = np.unique(np.concatenate([postings.terms for postings, _ in parts]))
    packed = np.empty(sum(postings.chunks.size for postings, _ in parts), np.uint64)
    n_chunks = n_packed = 0
    for postings, ids in parts:
        pairs = _renumbered(postings, terms, ids, n_chunks)
        packed[n_packed : n_packed + pairs.size] = pairs
        n_chunks += ids.size
        n_packed += pairs.size
    packed = packed[:n_packed]
    packed.sort()
    return _unpack(terms, packed, n_chunks=n_chunks)


def _renumbered(
    postings: Postings, terms: NDArray[np.uint64], ids: NDArray[np.intp], first: int
) -> NDArray[np.uint64]:
    """All `term << 32 | chunk` of the chosen chunks, terms by rank and chunks from `first` on."""
    rank = np.searchsorted(terms, postings.terms).astype(np.uint64) << _CHUNK_BITS
    pairs = np.repeat(rank, np.diff(postings.offsets))
    number = np.zeros(postings.sizes.size, np.uint64)
    number[ids] = np.arange(first, first + ids.size, dtype=np.uint64)
    pairs |= number[postings.chunks]
    if ids.size == postings.sizes.size:
        return pairs
    chosen = np.zeros(postings.sizes.size, np.bool_)
    chosen[ids] = True
    return np.asarray(pairs[chosen[postings.chunks]])


def _postings(
    hashes: NDArray[np.uint64],
    terms: U32,
    chunks: NDArray[np.uint64],
    *,
    n_chunks: int,
) -> Postings:
    """The postings of pairs (position in `hashes`, chunk)."""
    distinct, rank = np.unique(hashes, return_inverse=True)
    packed = (rank.astype(np.uint64)[terms] << _CHUNK_BITS) | chunks
    packed.sort()
    if packed.size:
        packed = packed[np.concatenate(([True], packed[1:] != packed[:-1]))]
    return _unpack(distinct, packed, n_chunks=n_chunks)


def _unpack(terms: NDArray[np.uint64], packed: NDArray[np.uint64], *, n_chunks: int) -> Postings:
    """Postings of ascending `term << 32 | chunk`; terms without any are left out."""
    chunks = (packed & _CHUNK_MASK).astype(np.uint32)
    # Where each term begins: the pairs are in order, so no pass over all of them is needed.
    firsts = np.searchsorted(packed, np.arange(terms.size, dtype=np.uint64) << _CHUNK_BITS)
    offsets = np.append(firsts, packed.size).astype(np.int64)
    used = np.diff(offsets) > 0
    offsets = np.append(offsets[:-1][used], packed.size)
    sizes = np.bincount(chunks, minlength=n_chunks).astype(np.uint32)
    return Postings(terms[used], offsets, chunks, sizes)


def _ranges(begins: U32 | NDArray[np.intp], ends: U32 | NDArray[np.intp]) -> NDArray[np.intp]:
    """All positions of all ranges, one after another."""
    lengths = ends.astype(np.intp) - begins
    stops = np.cumsum(lengths)
    total = int(stops[-1]) if stops.size else 0
    return np.asarray(np.arange(total) + np.repeat(begins - (stops - lengths), lengths))


def _joined_first(parts: Sequence[tuple[U32, NDArray[np.intp]]]) -> U32:
    return _first(np.concatenate([np.diff(first)[chosen] for first, chosen in parts]).tolist())


def _first(lengths: Iterable[int]) -> U32:
    counts = np.fromiter(lengths, dtype=np.intp)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.uint32)


def _join(arrays: Sequence[U32]) -> U32:
    return np.concatenate(arrays)


def _u32(numbers: Iterable[int]) -> U32:
    return np.fromiter(numbers, dtype=np.uint32)
