"""Outcomes: blanks of the corpus as the engine completed them, and the file that keeps them.

The file has one outcome a line, as JSON under the names of the fields. Lines from before a field
was added are read with its default.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class CorpusBlank:
    """One blank of one file of one package."""

    package: str
    path: str
    start: int
    end: int
    kind: str

    @property
    def key(self) -> str:
        """The blank's name in every file of outcomes."""
        return f"{self.package} {self.path} {self.start} {self.end}"


@dataclass(frozen=True)
class Completed:
    """A completion and its scores."""

    text: str
    exact: bool
    edit_similarity: float


@dataclass(frozen=True)
class Outcome:
    """A blank completed without retrieval and with it, and the gate's view of it."""

    case: CorpusBlank
    target: str
    without: Completed
    with_context: Completed
    probability: float
    """P(<cc>)."""
    greedy: bool
    """True if `<cc>` was the likeliest token at `<eof>` and there was something to read."""
    scores: list[float]
    """Jaccard similarities of the chunks that were read, best first."""
    entropy: float = 0.0
    """Of the first token, in nats, as the model alone would write it without retrieval."""
    alone_without: Completed | None = None
    """Without retrieval and without the workspace cache."""
    alone_with: Completed | None = None
    """With retrieval and without the workspace cache."""
    state: str = ""
    """The deciding model's hidden state at `<eof>` [D], as base64 of little-endian float16."""
    match: int = 0
    """The characters before the cursor that one of the chunks holds, too; at most 80."""

    @property
    def best(self) -> float:
        """The Jaccard similarity of the best chunk; 0 where there was none."""
        return max(self.scores, default=0.0)

    @property
    def gain(self) -> float:
        """The edit similarity that retrieval gains."""
        return self.with_context.edit_similarity - self.without.edit_similarity


def records(path: Path) -> list[dict[str, Any]]:
    """The lines of JSON kept at `path`; none if there is no such file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read(path: Path) -> list[Outcome]:
    """The outcomes kept at `path`; none if there is no such file."""
    return [_outcome(record) for record in records(path)]


def _outcome(record: dict[str, Any]) -> Outcome:
    record["case"] = CorpusBlank(**record["case"])
    for name in ("without", "with_context", "alone_without", "alone_with"):
        completed = record.get(name)
        record[name] = None if completed is None else Completed(**completed)
    return Outcome(**record)
