"""Progress on stderr for what may take longer than a second, with its rate.

What is counted is the caller's.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TypedDict

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

PATIENCE_S = 1.0
"""How long something may take before it is worth showing."""

_NAME = 24


def on_a_terminal() -> _Where:
    """A bar is for people: a file or a pipe would get an empty line of each."""
    console = Console(stderr=True)
    return {"console": console, "transient": True, "disable": not console.is_terminal}


class _Where(TypedDict):
    console: Console
    transient: bool
    disable: bool


class Counter:
    """Something of a known number, from its start."""

    def __init__(self, what: str, *, unit: str, total: int) -> None:
        """`what` is done and `unit` is what is counted: "Completing", "blanks"."""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(unit),
            TimeRemainingColumn(),
            TextColumn("{task.fields[current]}", style="dim"),
            **on_a_terminal(),
        )
        self._task = self._bar.add_task(what, total=total, current="")

    def advance(self, current: str = "") -> None:
        """One more is done; `current` names it."""
        self._bar.update(self._task, advance=1, current=current[:_NAME])

    def __enter__(self) -> Counter:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()


class Transfer:
    """Bytes of a known number that are read, copied or downloaded, from its start."""

    def __init__(self, what: str, *, total: int) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            **on_a_terminal(),
        )
        self._task = self._bar.add_task(what, total=total)

    def advance(self, n_bytes: int) -> None:
        """So many more are through; fewer than none where something begins again."""
        self._bar.advance(self._task, n_bytes)

    def __enter__(self) -> Transfer:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()


class Patience:
    """Something of an unknown length, shown if it takes longer than `patience_s`."""

    def __init__(self, what: str, *, unit: str = "", patience_s: float = PATIENCE_S) -> None:
        """`unit` is what `advance` counts; nothing is counted without."""
        counted = (TextColumn("{task.completed:,.0f}"), Rate(unit)) if unit else ()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            *counted,
            TimeElapsedColumn(),
            **on_a_terminal(),
        )
        self._task = self._bar.add_task(what, total=None)
        # A timer: what is waited for may be one long call.
        self._timer = threading.Timer(patience_s, self._bar.start)
        self._timer.daemon = True

    def advance(self) -> None:
        """One more is done."""
        self._bar.advance(self._task)

    def __enter__(self) -> Patience:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        self._bar.stop()


class Rate(ProgressColumn):
    """How many in a second; slow things to two digits behind the point."""

    def __init__(self, unit: str, *, table_column: Column | None = None) -> None:
        super().__init__(table_column)
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate; nothing as long as there is none."""
        if task.speed is None:
            return Text()
        digits = 0 if task.speed >= 10 else 2
        return Text(f"{task.speed:,.{digits}f} {self._unit}/s", style="cyan")
