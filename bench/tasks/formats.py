"""Blanks that others have published: the tasks of RepoEval and CrossCodeEval.

RepoEval (Zhang et al., EMNLP 2023) gives the text before the cursor and where it is in which
repository, CrossCodeEval (Ding et al., NeurIPS 2023) the text on both sides and, in its retrieval
settings, chunks of other files. Where the repositories lie is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sidelong.errors import SidelongError
from sidelong.evaluation.blanks import Blank, Kind


class TasksError(SidelongError):
    """A line that is no task of a format we know."""


@dataclass(frozen=True)
class Task:
    """A published blank."""

    repository: str
    path: str
    """Relative to the repository, with `/`."""
    before: str
    """May begin in the middle of the file."""
    target: str
    after: str | None
    """None where only the repository knows."""
    chunks: tuple[tuple[str, str], ...]
    """Published chunks of other files: path and text, best first."""
    is_function: bool = False

    @property
    def kind(self) -> Kind:
        """By length, which is all that both formats say."""
        if self.is_function:
            return "body"
        return "lines" if "\n" in self.target.strip("\n") else "line"

    def blank_in(self, text: str) -> Blank | None:
        """Where the task is in its file; None if the file has no such place."""
        start = text.find(self.before + self.target)
        if start < 0:
            return None
        cursor = start + len(self.before)
        return Blank(cursor, cursor + len(self.target), self.kind)

    def alone(self) -> tuple[str, Blank]:
        """The text as far as it was published, and the blank in it."""
        start = len(self.before)
        blank = Blank(start, start + len(self.target), self.kind)
        return self.before + self.target + (self.after or ""), blank

    @property
    def files(self) -> list[tuple[str, str]]:
        """The published chunks as files; those of one file follow each other."""
        joined: dict[str, list[str]] = {}
        for path, text in self.chunks:
            joined.setdefault(path, []).append(text)
        return [(path, "\n".join(texts)) for path, texts in joined.items()]


def read_tasks(lines: Iterable[str]) -> list[Task]:
    """The tasks of a JSONL file of either format; raises `TasksError`."""
    tasks = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            tasks.append(_task(json.loads(line)))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise TasksError(
                f"Line {number} is no task of RepoEval or CrossCodeEval "
                f"({type(error).__name__}: {error}). Give a .jsonl file as they publish it."
            ) from None
    return tasks


def _task(record: Mapping[str, Any]) -> Task:
    metadata = record["metadata"]
    task = _repoeval(record, metadata) if "fpath_tuple" in metadata else _crosscodeeval(record)
    if not task.target.strip():
        raise ValueError("nothing to be completed")
    return task


def _repoeval(record: Mapping[str, Any], metadata: Mapping[str, Any]) -> Task:
    repository, *path = metadata["fpath_tuple"]
    return Task(
        repository=repository,
        path=str(PurePosixPath(*path)),
        before=record["prompt"],
        target=metadata["ground_truth"],
        after=None,
        chunks=(),
        is_function="function_name" in metadata,
    )


def _crosscodeeval(record: Mapping[str, Any]) -> Task:
    context = record.get("crossfile_context")
    listed: Sequence[Mapping[str, Any]] = context["list"] if isinstance(context, Mapping) else ()
    return Task(
        repository=record["metadata"]["repository"],
        path=record["metadata"]["file"],
        before=record["prompt"],
        target=record["groundtruth"],
        after=record["right_context"],
        chunks=tuple((chunk["filename"], chunk["retrieved_chunk"]) for chunk in listed),
    )
