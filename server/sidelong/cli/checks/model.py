"""The models: their trial, and the file, special tokens and decision of those that passed it.

The trial runs in a process of its own, which a damaged model or a library that was built for
another processor may end.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.filesize import decimal

from sidelong import paths
from sidelong.cli.checks.finding import Finding
from sidelong.engine import (
    CHECKPOINT_TOKENS,
    REBUILD,
    Report,
    load_models,
    try_models,
)
from sidelong.errors import ModelError, ModelFatal
from sidelong.settings import UserSettings

if TYPE_CHECKING:
    from sidelong.engine import LlamaModel

TRIAL_S: Final = 120.0

NO_MODEL: Final = Finding(
    "self-test", "broken", "no completion without a model", "Mend that first."
)


def model_path(user: UserSettings) -> Path:
    """The file that the settings choose."""
    return user.model or user.shipped or paths.default_model()


def try_model(user: UserSettings) -> Report | ModelError:
    """The report of the models' trial, or the reason why they failed it."""
    try:
        return try_models(user, at_most_s=TRIAL_S)
    except ModelError as error:
        return error


def llama_runs(tried: Report | ModelError, user: UserSettings) -> bool:
    """False if llama.cpp ends every process, that of the shipped model too."""
    if not isinstance(tried, ModelFatal):
        return True
    alone = UserSettings(threads=user.threads, gpu_layers=user.gpu_layers, shipped=user.shipped)
    return user != alone and not isinstance(try_model(alone), ModelFatal)


def broken_llama(tried: Report | ModelError) -> Finding:
    """The finding where llama.cpp ends every process."""
    return Finding(
        "self-test",
        "broken",
        f"llama.cpp ends every process that completes with it: {tried}",
        f"Build it on this machine: {REBUILD}",
        {"crashed": True},
    )


def check_model(user: UserSettings, tried: Report | ModelError) -> list[Finding]:
    """Describe the models that passed, or say why they did not."""
    path = model_path(user)
    if isinstance(tried, ModelError):
        fact, _, remedy = str(tried).partition(". ")
        return [Finding("model", "broken", fact, remedy, {"path": str(path)}), NO_MODEL]
    model, policy = load_models(replace(user, threads=1, gpu_layers=0))
    try:
        return [_file(model, path), _tokens(model), _decision(model, policy), _self_test(tried)]
    finally:
        model.close()
        if policy is not None:
            policy.close()


def _self_test(tried: Report) -> Finding:
    ms = sum(ms for stage, ms in tried.ms.items() if stage != "load")
    return Finding(
        "self-test",
        "ok",
        f"a completion in {ms:.0f} ms, the model loaded in {tried.ms['load']:.0f} ms",
        details={"ms": tried.ms, "tokens": tried.tokens, "text": tried.text},
    )


def _file(model: LlamaModel, path: Path) -> Finding:
    edition = model.metadata("sidelong.edition")
    parameters = f"{model.n_params / 1e6:,.1f}M parameters"
    fact = f"{path}, {model.describe()}, {parameters}, {decimal(path.stat().st_size)}"
    if edition:
        fact = f"{fact}, edition {edition}"
    if not model.rewinds:
        fact = (
            f"{fact}; recurrent, so a keystroke reads up to {CHECKPOINT_TOKENS} tokens more than "
            "with other models, and a new line may read the whole prompt"
        )
    return Finding(
        "model",
        "note" if model.remarks else "ok",
        fact,
        " ".join(model.remarks),
        details={
            "path": str(path),
            "description": model.describe(),
            "size_bytes": path.stat().st_size,
            "parameters": model.n_params,
            "edition": edition,
            "rewinds": model.rewinds,
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
    remarks = "" if policy is None else " ".join(policy.remarks)
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
        "decision",
        "note" if remarks else "ok",
        f"by {policy.name} as its policy; {retrieves}",
        remarks,
        details,
    )
