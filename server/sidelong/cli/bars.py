"""Progress on stderr for work that may take longer than a second, with its rate."""

from __future__ import annotations

import threading
from typing import TypedDict, TypeVar

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
"""A shorter wait is not worth showing."""

_NAME = 24

_Bar = TypeVar("_Bar", bound="Shown")


def on_a_terminal() -> _Where:
    """Settings of a bar for people: a file or a pipe would get an empty line for each bar."""
    console = Console(stderr=True)
    return {"console": console, "transient": True, "disable": not console.is_terminal}


class _Where(TypedDict):
    console: Console
    transient: bool
    disable: bool


class Shown:
    """A bar that is shown inside its `with` block."""

    def __init__(self, *columns: ProgressColumn) -> None:
        self._bar = Progress(*columns, **on_a_terminal())

    def start(self) -> None:
        """Appear."""
        self._bar.start()

    def stop(self) -> None:
        """Disappear; idempotent."""
        self._bar.stop()

    def __enter__(self: _Bar) -> _Bar:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()


class Late(Shown):
    """A bar that appears if its `with` block takes longer than `patience_s`."""

    def __init__(self, *columns: ProgressColumn, patience_s: float) -> None:
        super().__init__(*columns)
        # A timer, since the block may be one long call.
        self._timer = threading.Timer(patience_s, self._bar.start)
        self._timer.daemon = True

    def start(self) -> None:
        """Appear after `patience_s`."""
        self._timer.start()

    def stop(self) -> None:
        """Disappear, or never appear; idempotent."""
        self._timer.cancel()
        self._timer.join()
        super().stop()


class Counter(Shown):
    """Progress through a known number of things, shown at once."""

    def __init__(self, what: str, *, unit: str, total: int) -> None:
        """`what` names the work and `unit` the things: "Completing", "blanks"."""
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Rate(unit),
            TimeRemainingColumn(),
            TextColumn("{task.fields[current]}", style="dim"),
        )
        self._task = self._bar.add_task(what, total=total, current="")

    def advance(self, current: str = "") -> None:
        """Count one more; `current` names it."""
        self._bar.update(self._task, advance=1, current=current[:_NAME])


class Transfer(Shown):
    """Progress through a known number of bytes, shown at once."""

    def __init__(self, what: str, *, total: int) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self._task = self._bar.add_task(what, total=total)

    def advance(self, n_bytes: int) -> None:
        """Count more bytes; a negative number takes bytes back that come again."""
        self._bar.advance(self._task, n_bytes)


class Patience(Late):
    """Work of an unknown length, shown if it takes longer than `patience_s`."""

    def __init__(self, what: str, *, unit: str = "", patience_s: float = PATIENCE_S) -> None:
        """`unit` names the things that `advance` counts; without it nothing is counted."""
        counted = (TextColumn("{task.completed:,.0f}"), Rate(unit)) if unit else ()
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            *counted,
            TimeElapsedColumn(),
            patience_s=patience_s,
        )
        self._task = self._bar.add_task(what, total=None)

    def advance(self) -> None:
        """Count one more."""
        self._bar.advance(self._task)


class Rate(ProgressColumn):
    """A count per second; below 10 with two digits behind the point."""

    def __init__(self, unit: str, *, table_column: Column | None = None) -> None:
        super().__init__(table_column)
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate; empty as long as there is none."""
        if task.speed is None:
            return Text()
        digits = 0 if task.speed >= 10 else 2
        return Text(f"{task.speed:,.{digits}f} {self._unit}/s", style="cyan")
