"""The model file: what it is, the special tokens found in it, and what they allow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.checks.finding import Finding
from sidelong.errors import ModelError
from sidelong.settings import UserSettings

if TYPE_CHECKING:
    from sidelong.model.llama import LlamaModel


def model_path(user: UserSettings) -> Path:
    """The file that the settings choose."""
    return user.model or paths.default_model()


def check_model(user: UserSettings) -> list[Finding]:
    """Load the model and describe it."""
    from sidelong.model.llama import LlamaModel

    path = model_path(user)
    try:
        model = LlamaModel(path, threads=1, gpu_layers=0, n_ctx=user.n_ctx)
    except ModelError as error:
        fact, _, remedy = str(error).partition(". ")
        return [Finding("model", "broken", fact, remedy, {"path": str(path)})]
    try:
        return [_file(model, path), _tokens(model)]
    finally:
        model.close()


def _file(model: LlamaModel, path: Path) -> Finding:
    edition = model.metadata("sidelong.edition")
    parameters = f"{model.n_params / 1e6:,.1f}M parameters"
    fact = f"{path}, {model.describe()}, {parameters}, {decimal(path.stat().st_size)}"
    return Finding(
        "model",
        "ok",
        f"{fact}, edition {edition}" if edition else fact,
        details={
            "path": str(path),
            "description": model.describe(),
            "size_bytes": path.stat().st_size,
            "parameters": model.n_params,
            "edition": edition,
            "context_tokens": model.n_ctx,
            "budget": asdict(model.budget),
        },
    )


def _tokens(model: LlamaModel) -> Finding:
    order = asdict(model.special)
    suffix_first = order.pop("suffix_first") and model.special.decides
    ids = {name: token for name, token in order.items() if token is not None}
    fact = ", ".join(f"{name} {token}" for name, token in ids.items())
    details = {
        "tokens": ids,
        "order": "suffix-first" if suffix_first else "prefix-first",
        "decides": model.special.decides,
        "threshold": model.threshold,
    }
    if model.special.decides:
        fact = f"{fact}; retrieves from P(cc) {model.threshold:.3f}"
        return Finding("special tokens", "ok", fact, details=details)
    return Finding(
        "special tokens",
        "note",
        f"{fact}; none to decide with, so it never asks for retrieval by itself",
        'Set `sidelong.retrieval.mode` to "always", or use the default model.',
        details,
    )
