"""The simplest baseline: the lines after the most similar lines anywhere else in the repository.

There is no model and there are no tokens. Windows of eight lines at every line are compared with
the eight lines above the cursor, by the product's own index.
"""

from __future__ import annotations

from collections.abc import Iterable

from sidelong_index import ChunkOptions, Exclusion, Hit, Snapshot, build

LINES = 8
CANDIDATES = 20
MOST_LINES = 12

WINDOWS = ChunkOptions(lines=LINES, stride=1, tolerance=0, header_lines=0, context_lines=0)


class SimilarLines:
    """Completes from the files of one repository, given as (path, text)."""

    def __init__(self, files: Iterable[tuple[str, str]]) -> None:
        self._lines = {path: text.split("\n") for path, text in files}
        self._all = build([(p, "\n".join(x)) for p, x in self._lines.items()], options=WINDOWS)

    def complete(
        self, before: str, after: str, exclude: Exclusion, *, own_file_alone: bool
    ) -> tuple[str, float]:
        """The text for the cursor, and the score of the lines above it; ("", 0) if none match."""
        *above, typed = before.split("\n")
        query = "\n".join(above[-LINES:])
        snapshot = self._of(exclude.path) if own_file_alone else self._all
        hits = snapshot.search(query, k=CANDIDATES, exclude=exclude)
        # A line that begins with the typed text is worth more than a better score.
        hits.sort(key=lambda hit: not self._next(hit).lstrip().startswith(typed.lstrip()))
        if not hits:
            return "", 0.0
        return self._after(hits[0], typed.lstrip(), after.split("\n")[0].strip()), hits[0].score

    def _of(self, path: str) -> Snapshot:
        return build([(path, "\n".join(self._lines[path]))], options=WINDOWS)

    def _next(self, hit: Hit) -> str:
        return next(iter(self._lines[hit.path][hit.end_line :]), "")

    def _after(self, hit: Hit, typed: str, after: str) -> str:
        first, *more = [*self._lines[hit.path][hit.end_line : hit.end_line + MOST_LINES], ""]
        first = first.lstrip()
        rest = first[len(typed) :] if first.startswith(typed) else first
        if after and rest.endswith(after):
            return rest[: -len(after)]
        return "\n".join([rest, *more])
