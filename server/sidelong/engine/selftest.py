"""The self-test of loaded models: a short infill is evaluated for real.

A file can be loaded and still be of no use: weights that are no numbers, special tokens that
are not there. That must be known before a model takes another's place.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sidelong.engine import prompt as prompts
from sidelong.engine.completer import Completer
from sidelong.engine.model.protocol import Cancel, Model
from sidelong.engine.request import Request
from sidelong.engine.view import decision_view, view
from sidelong.errors import ModelError, ModelUnsupported

_ABOVE: Final = "def add(first, second):\n    return fir"
_BELOW: Final = "\n\n\nprint(add(1, 2))\n"
PROBE: Final = Request("add.py", "python", _ABOVE + _BELOW, len(_ABOVE))


def check(completer: Completer, cancel: Cancel | None = None) -> None:
    """Evaluate a few tokens with each of the models, as serving does.

    Raises `ModelError` naming the model that cannot serve, and `Stopped` when `cancel` is set.
    """
    cancel = cancel or Cancel()
    for model in completer.models:
        budget = prompts.fit(model.budget, model.n_ctx)
        writes = model is completer.model
        prompt = (
            view(model, PROBE, budget).prompt if writes else decision_view(model, PROBE, budget)
        )
        _check_tokens(model, prompt)
        logits = model.evaluate(prompt, rows=1, cancel=cancel).logits
        if not np.isfinite(logits).all():
            raise ModelUnsupported(
                f"The model {model.name} does not work: it answers a short prompt with what are "
                "no numbers. The file is damaged or this llama.cpp cannot run it: fetch it "
                "again, or use another model."
            )


def _check_tokens(model: Model, prompt: list[int]) -> None:
    unknown = [token for token in prompt if not 0 <= token < len(model.pieces.pieces)]
    if unknown:
        raise ModelError(
            f"The model {model.name} does not work: its special tokens ({unknown[0]}) are not in "
            "its vocabulary. The file was converted wrongly: use another one."
        )
