"""The model file, its special tokens and format, and the model that decides."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.checks.finding import Finding
from sidelong.errors import ModelError
from sidelong.settings import UserSettings

if TYPE_CHECKING:
    from sidelong.engine import LlamaModel


def model_path(user: UserSettings) -> Path:
    """The file that the settings choose."""
    return user.model or user.shipped or paths.default_model()


def check_model(user: UserSettings) -> list[Finding]:
    """Load the model, and the policy if there is one, and describe them."""
    from sidelong.engine import load_models

    path = model_path(user)
    try:
        model, policy = load_models(replace(user, threads=1, gpu_layers=0))
    except ModelError as error:
        fact, _, remedy = str(error).partition(". ")
        return [Finding("model", "broken", fact, remedy, {"path": str(path)})]
    try:
        return [_file(model, path), _tokens(model), _decision(model, policy)]
    finally:
        model.close()
        if policy is not None:
            policy.close()


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
    special = model.special
    by_name = {name: getattr(special, name) for name in _TOKENS}
    ids = {name: token for name, token in by_name.items() if token is not None}
    order = "suffix-first" if special.suffix_first else "prefix-first"
    family = special.layout.name
    return Finding(
        "special tokens",
        "ok",
        f"{', '.join(f'{name} {token}' for name, token in ids.items())}; format {family}, {order}",
        details={
            "tokens": ids,
            "order": order,
            "family": family,
            "decides": special.decides,
            "threshold": model.threshold,
        },
    )


_TOKENS = ("eos", "fim_prefix", "fim_middle", "fim_suffix", "file_sep", "eof", "cc", "bos")


def _decision(model: LlamaModel, policy: LlamaModel | None) -> Finding:
    decider = policy or model
    details = {"model": model.name, "decides": decider.name, "threshold": decider.threshold}
    retrieves = f"retrieves from P(cc) {decider.threshold:.3f}"
    if not decider.special.decides:
        return Finding(
            "decision",
            "note",
            f"{model.name} has no token to decide with, and the default model cannot be loaded "
            "in its place, so nothing is retrieved",
            'Reinstall sidelong, or set `sidelong.retrieval.mode` to "always".',
            {**details, "decides": None},
        )
    if policy is None:
        return Finding("decision", "ok", f"by the model itself; {retrieves}", details=details)
    return Finding(
        "decision", "ok", f"by {policy.name} as its policy; {retrieves}", details=details
    )
