"""Progress on stderr for what may take longer than a second, with its rate.

What is counted is the caller's.
"""

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
"""How long something may take before it is worth showing."""

_NAME = 24

_Bar = TypeVar("_Bar", bound="Shown")


def on_a_terminal() -> _Where:
    """A bar is for people: a file or a pipe would get an empty line of each."""
    console = Console(stderr=True)
    return {"console": console, "transient": True, "disable": not console.is_terminal}


class _Where(TypedDict):
    console: Console
    transient: bool
    disable: bool


class Shown:
    """A bar that is there from entering to leaving."""

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
    """A bar that appears if what it is for takes longer than `patience_s`."""

    def __init__(self, *columns: ProgressColumn, patience_s: float) -> None:
        super().__init__(*columns)
        # A timer: what is waited for may be one long call.
        self._timer = threading.Timer(patience_s, self._bar.start)
        self._timer.daemon = True

    def start(self) -> None:
        """Appear when patience is at an end."""
        self._timer.start()

    def stop(self) -> None:
        """Disappear, or never appear; idempotent."""
        self._timer.cancel()
        self._timer.join()
        super().stop()


class Counter(Shown):
    """Something of a known number, from its start."""

    def __init__(self, what: str, *, unit: str, total: int) -> None:
        """`what` is done and `unit` is what is counted: "Completing", "blanks"."""
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
        """One more is done; `current` names it."""
        self._bar.update(self._task, advance=1, current=current[:_NAME])


class Transfer(Shown):
    """Bytes of a known number that are read, copied or downloaded, from its start."""

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
        """So many more are through; fewer than none where something begins again."""
        self._bar.advance(self._task, n_bytes)


class Patience(Late):
    """Something of an unknown length, shown if it takes longer than `patience_s`."""

    def __init__(self, what: str, *, unit: str = "", patience_s: float = PATIENCE_S) -> None:
        """`unit` is what `advance` counts; nothing is counted without."""
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
        """One more is done."""
        self._bar.advance(self._task)


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
