"""Progress on stderr for what may take longer than a second, with its rate.

What is counted is the caller's.
"""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

PATIENCE_S = 1.0
"""How long something may take before it is worth showing."""

_NAME = 24


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
            console=Console(stderr=True),
            transient=True,
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
            console=Console(stderr=True),
            transient=True,
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
