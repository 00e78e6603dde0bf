"""From the user's own settings to a completer on a loaded model; the same for editor and shell."""

from __future__ import annotations

from sidelong import paths
from sidelong.completer import Completer
from sidelong.model.llama import LlamaModel
from sidelong.settings import UserSettings


def load_completer(user: UserSettings) -> Completer:
    """A completer on the user's model, else the shipped one; raises `ModelError`."""
    return Completer(
        LlamaModel(
            user.model or paths.default_model(),
            threads=user.threads,
            gpu_layers=user.gpu_layers,
            n_ctx=user.n_ctx,
        )
    )
