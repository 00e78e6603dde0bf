"""Cuts a file into overlapping, evenly sized chunks whose edges stand at statements.

`terms` has the words that chunks are compared by, and `segment` stores chunks.

Small even pieces retrieve better than whole functions, because a Jaccard score falls with the size
of the pieces; so syntax moves the edges a little and adds context, and does no more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sidelong_index.parse import Definition, Syntax, language_of, parse


@dataclass(frozen=True)
class ChunkOptions:
    """The way files are cut. Two indexes with the same options hold the same chunks."""

    lines: int = 20
    """Lines of a chunk; `lines / stride` neighbouring pieces make one chunk."""
    stride: int = 10
    """Lines from one chunk's start to the next one's."""
    tolerance: int = 4
    """Lines that an edge may move from its even place to the start of a statement; 0: windows."""
    header_lines: int = 3
    """At most this many lines of each enclosing signature are context."""
    context_lines: int = 9
    """At most this many lines of context in all, those of the innermost definitions."""

    def __post_init__(self) -> None:
        if self.stride < 1 or self.lines < self.stride or not 0 <= self.tolerance < self.stride:
            raise ValueError(f"chunks need 0 <= tolerance < stride <= lines, not {self}")


DEFAULT = ChunkOptions()


@dataclass(frozen=True)
class Chunk:
    """Lines `start_line..end_line` of a file, both inclusive, counted from 1; neither is blank."""

    start_line: int
    end_line: int
    context: tuple[int, ...]
    """Signature lines of the enclosing definitions, ascending, all above `start_line`."""


def normalise(text: str) -> str:
    """`text` with '\\n' line ends, as the whole index sees it."""
    return text.replace("\r\n", "\n")


def split_lines(text: str) -> list[str]:
    """The lines of a normalised text without their ends.

    Not `str.splitlines`, which also splits at form feeds and U+2028, where no editor does.
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def chunk(path: str, text: str, options: ChunkOptions = DEFAULT) -> list[Chunk]:
    """The chunks of a normalised text, by start line; every non-blank line is in one or more."""
    lines = split_lines(text)
    syntax = _syntax(path, text, options)
    edges = _edges(len(lines), syntax, options)
    spans = _spans(lines, edges, per_chunk=round(options.lines / options.stride))
    contexts = _contexts(spans, syntax.definitions if syntax else (), options)
    return [
        Chunk(start + 1, end, context)
        for (start, end), context in zip(spans, contexts, strict=True)
    ]


def _syntax(path: str, text: str, options: ChunkOptions) -> Syntax | None:
    language = language_of(path)
    if language is None or options.tolerance == 0:
        return None
    return parse(text, language)


def _edges(n_lines: int, syntax: Syntax | None, options: ChunkOptions) -> list[int]:
    """The lines at which pieces of about one stride meet; the last piece takes the rest."""
    edges = [0]
    while n_lines - edges[-1] > options.stride + options.tolerance:
        even = edges[-1] + options.stride
        edges.append(_snap(even, syntax, options.tolerance))
    return [*edges, n_lines]


def _snap(even: int, syntax: Syntax | None, tolerance: int) -> int:
    """The start of the shallowest statement nearby, the nearest of these; else `even` itself."""
    if syntax is None:
        return even
    nearby = (
        (syntax.statements[line], abs(line - even), line)
        for line in range(even - tolerance, even + tolerance + 1)
        if line in syntax.statements
    )
    return min(nearby, default=(0, 0, even))[2]


def _spans(lines: Sequence[str], edges: Sequence[int], *, per_chunk: int) -> list[tuple[int, int]]:
    """`[start, end)` of each chunk, without the blank lines around it, none of them twice."""
    spans: dict[tuple[int, int], None] = {}
    for i in range(max(1, len(edges) - per_chunk)):
        start, end = edges[i], edges[min(i + per_chunk, len(edges) - 1)]
        while start < end and not lines[start].strip():
            start += 1
        while start < end and not lines[end - 1].strip():
            end -= 1
        if start < end:
            spans[start, end] = None
    return list(spans)


def _contexts(
    spans: Sequence[tuple[int, int]], definitions: Sequence[Definition], options: ChunkOptions
) -> list[tuple[int, ...]]:
    """For each span, by start, the signature lines above it of the definitions it begins in."""
    contexts = []
    enclosing: list[Definition] = []
    coming = iter((*definitions, None))
    upcoming = next(coming)
    for start, _ in spans:
        while upcoming is not None and upcoming.first < start:
            enclosing.append(upcoming)
            upcoming = next(coming)
        enclosing = [d for d in enclosing if d.last >= start]
        contexts.append(_header_lines(enclosing, start, options))
    return contexts


def _header_lines(
    enclosing: Iterable[Definition], start: int, options: ChunkOptions
) -> tuple[int, ...]:
    numbers = {
        line + 1
        for d in enclosing
        for line in range(d.first, min(d.body, d.first + options.header_lines, start))
    }
    return tuple(sorted(numbers)[-options.context_lines :]) if options.context_lines else ()
