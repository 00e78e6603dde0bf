"""The check of a model: it is loaded and evaluates a few tokens, and its facts are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sidelong.cli.bars import Patience
from sidelong.models.store import Facts
from sidelong.settings import UserSettings


def check(path: Path, user: UserSettings, facts: Facts) -> Facts:
    """Load the model as serving does and evaluate a few tokens; `facts` with those found.

    Raises `ModelError` if the file is no GGUF, is damaged, is unknown to this llama.cpp, has no
    special tokens for filling in, or evaluates to values that are no numbers.
    """
    # llama.cpp takes time to load, and `list` and `remove` must work where it cannot be.
    from sidelong.engine import Completer, load_models
    from sidelong.engine import check as self_test

    with Patience("Checking the model"):
        model, policy = load_models(replace(user, model=path))
        completer = Completer(model, policy)
        try:
            self_test(completer)
            family = model.special.family
            return replace(
                facts,
                licence=facts.licence or model.metadata("general.license"),
                description=model.describe(),
                family=family.name if family is not None else None,
                parameters=model.n_params,
                decides=model.special.decides,
                problem=None,
            )
        finally:
            completer.close()
