"""Tasks completed with their repositories, where those are on the disk.

Reading a task is left to `formats`.
"""

from __future__ import annotations

import random
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from bench.tasks.formats import Task, read_tasks

from sidelong.cli.blanks import EvaluationError
from sidelong.cli.config import Config
from sidelong.cli.evaluating import Evaluated, complete_all
from sidelong.evaluation.cases import Case, File
from sidelong.evaluation.run import Complete, Trial, trials
from sidelong.files import TextError, read_text
from sidelong.language import language_id
from sidelong.settings import Settings
from sidelong_index import Snapshot, build, select_files


@dataclass(frozen=True)
class _TaskCase:
    """A task as a case, and the code that can be retrieved for it."""

    case: Case
    repository: Path | None
    published: tuple[tuple[str, str], ...]

    def snapshot(self) -> Snapshot | None:
        """Of the repository if it is there, else of the chunks published with the task."""
        if self.repository is not None:
            return _of_repository(self.repository)
        return build(self.published) if self.published else None


def evaluate_tasks(args: Namespace, config: Config) -> Evaluated:
    """Complete `args.blanks` tasks drawn from the file `args.tasks`.

    Their repositories are looked for in `args.folder`.
    Raises `TasksError` for a file of another format, `EvaluationError` for an empty one.
    """
    root = args.folder.resolve()
    tasks = read_tasks(read_text(args.tasks).splitlines())
    if not tasks:
        raise EvaluationError(f"{args.tasks} holds no task. Give a .jsonl file of tasks.")
    drawn = random.Random(args.seed).sample(tasks, min(args.blanks, len(tasks)))
    # Repository by repository, so that each is indexed once.
    cases = [_task_case(task, root) for task in sorted(drawn, key=lambda task: task.repository)]

    def tried(complete: Complete, settings: Settings) -> Iterator[Trial]:
        for turn, each in enumerate(cases):
            yield from trials(
                [each.case],
                snapshot=each.snapshot(),
                complete=complete,
                settings=settings,
                turn=turn,
            )

    return complete_all(args, config, root=args.tasks.resolve(), wanted=len(cases), tried=tried)


def _task_case(task: Task, root: Path) -> _TaskCase:
    """The task in its file or, where that is not there, in the text that was published."""
    language = language_id(PurePosixPath(task.path))
    folder = (root / task.repository).resolve()
    known = folder.is_dir() and root in folder.parents  # a task may name any path: not outside
    text = _text(folder / task.path) if known and _is_below(folder, task.path) else None
    blank = None if text is None else task.blank_in(text)
    if text is None or blank is None:
        text, blank = task.alone()
    case = Case(File(task.path, language, text, PurePosixPath(task.repository).name), blank)
    return _TaskCase(case, folder if known else None, tuple(task.files))


def _is_below(folder: Path, path: str) -> bool:
    return (folder / path).resolve().is_relative_to(folder)


def _text(file: Path) -> str | None:
    try:
        return read_text(file).replace("\r\n", "\n")
    except TextError:
        return None


@lru_cache(maxsize=1)
def _of_repository(folder: Path) -> Snapshot:
    files = ((path, _text(folder / path)) for path in select_files(folder))
    return build((path, text) for path, text in files if text is not None)
