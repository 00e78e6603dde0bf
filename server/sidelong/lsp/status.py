"""The status for the editor's status bar: one word and one sentence, sent when they change.

The modules that do the work report to it; it decides which report matters most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

METHOD: Final = "sidelong/status"

State: TypeAlias = Literal["ready", "indexing", "loading", "working", "off", "error"]


@dataclass(frozen=True)
class Shown:
    """One status as the editor gets it."""

    state: State
    message: str
    folder: str | None = None
    """URI of the folder that the status is about."""

    def to_params(self) -> dict[str, Any]:
        """The notification's params."""
        params: dict[str, Any] = {"state": self.state, "message": self.message}
        return params if self.folder is None else {**params, "folder": self.folder}


class Status:
    """The server's state in the words of a status bar; owned by the event loop."""

    def __init__(self, publish: Callable[[Shown], None]) -> None:
        self._publish = publish
        self._shown: Shown | None = None
        self._model = Shown("loading", "Starting")
        self._remote: str | None = None
        self._indexing: dict[str, str] = {}
        self._working = 0

    @property
    def shown(self) -> Shown:
        """The most important status now."""
        if self._model.state in ("error", "loading", "off"):
            return self._model
        if self._working:
            return Shown("working", "Completing")
        for folder, message in self._indexing.items():
            return Shown("indexing", message, folder)
        return self._model if self._remote is None else Shown("ready", self._remote)

    def model(self, state: State, message: str) -> None:
        """The model is loading, ready, not wanted (off) or failed (error)."""
        self._model = Shown(state, message)
        self._update()

    def remote(self, message: str | None) -> None:
        """The remote model fails, and how; None if it answers, or if there is none."""
        self._remote = message
        self._update()

    def indexing(self, folder: str, message: str | None) -> None:
        """The folder is being indexed; None once it is done."""
        if message is None:
            self._indexing.pop(folder, None)
        else:
            self._indexing[folder] = message
        self._update()

    @contextmanager
    def working(self) -> Iterator[None]:
        """While the model works on a request."""
        self._working += 1
        self._update()
        try:
            yield
        finally:
            self._working -= 1
            self._update()

    def _update(self) -> None:
        shown = self.shown
        if shown != self._shown:
            self._shown = shown
            self._publish(shown)
