"""A completer asked so that every request costs what it costs on its own.

What is asked, and in which modes, is left to `run`.
"""

from __future__ import annotations

from dataclasses import replace

from sidelong.completer import Completer
from sidelong.correction import Correction
from sidelong.model.protocol import Cancel, Model
from sidelong.request import Answer, Request
from sidelong_index import Exclusion, Snapshot


class ColdEngine:
    """Empties the KV caches before each request; owned by the thread that owns the model.

    Its figures are those of a cursor that has just come to another place. Typing on from there
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
            forget(model, self.cancel)
        return self.completer.complete(
            replace(request, correction=self._correction),
            snapshot=snapshot,
            cancel=self.cancel,
            exclude=exclude,
        )


def forget(model: Model, cancel: Cancel) -> None:
    """Leave nothing in the KV cache that a prompt could continue.

    A cache that holds exactly one token has forgotten the others, and no prompt begins with the
    end of a text; where one does (a model with one token for start and end), that is all it saves.
    """
    model.evaluate([model.special.eos], rows=1, cancel=cancel)
