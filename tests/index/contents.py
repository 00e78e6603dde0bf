"""Everything that a snapshot holds, to compare it with another."""

from __future__ import annotations

from sidelong_index import Snapshot


def contents_of(snapshot: Snapshot) -> set[tuple[str, int, int, str, str]]:
    """All chunks: path, first and last line, context, text."""
    found = set()
    for part in snapshot.parts:
        segment = part.segment
        for path in part.paths():
            file = segment.positions[path]
            lines = segment.lines(file)
            for chunk in segment.chunks_of(file):
                start, end = int(segment.starts[chunk]), int(segment.ends[chunk])
                context = "\n".join(lines[i - 1] for i in segment.context_lines(chunk))
                found.add((path, start, end, context, "\n".join(lines[start - 1 : end])))
    return found
