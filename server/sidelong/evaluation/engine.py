"""A completer that starts every request from an empty cache, so that its cost is its own."""

from __future__ import annotations

from dataclasses import replace

from sidelong.engine import Answer, Cancel, Completer, Correction, Request
from sidelong_index import Exclusion, Snapshot


class ColdEngine:
    """Empties the KV caches before each request; owned by the thread that owns the model.

    Its costs are those of a cursor that has just moved to another place; typing on from there
    costs less in every mode.
    """

    def __init__(
        self, completer: Completer, cancel: Cancel, correction: Correction | None = None
    ) -> None:
        """`correction` is the folder's, as the editor would use it."""
        self.completer = completer
        self.cancel = cancel
        self._correction = correction

    def __call__(
        self, request: Request, *, snapshot: Snapshot | None, exclude: Exclusion
    ) -> Answer:
        """The answer; raises `Stopped` when the engine's `cancel` is set."""
        for model in self.completer.models:
            model.forget()
        return self.completer.complete(
            replace(request, correction=self._correction),
            snapshot=snapshot,
            cancel=self.cancel,
            exclude=exclude,
        )
