"""From the user's own settings to a completer on loaded models; the same for editor and shell.

llama.cpp is imported with the first model: that takes as long as loading a small one.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sidelong import paths
from sidelong.engine import speeds, trial
from sidelong.engine.budget import COLD_S, affordable, can_shrink
from sidelong.engine.completer import Completer
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.prompt import fit
from sidelong.engine.remote.endpoint import Endpoint, endpoint_of
from sidelong.engine.remote.generator import RemoteGenerator
from sidelong.errors import ModelError, ModelWithoutDecision
from sidelong.settings import UserSettings

if TYPE_CHECKING:
    from sidelong.engine.model.llama import LlamaModel

log = logging.getLogger(__name__)


def load_completer(
    user: UserSettings,
    cancel: Cancel | None = None,
    *,
    remote: bool = False,
    fresh_s: float | None = None,
) -> Completer:
    """A completer on `load_models`, with the windows that this machine reads in about a second.

    With `remote` also on the endpoint of the settings, if any; it connects to nothing, and raises
    `SettingsError` too, if the endpoint is not to be used.
    With `fresh_s` a model whose speed matters, and was not measured in so many seconds, is
    measured first, which takes seconds; without, one whose speed is not known gets its own budget.
    """
    with ExitStack() as loaded:
        generator = None
        endpoint = endpoint_of(user) if remote else None
        if endpoint is not None:
            generator = connect(endpoint)
            loaded.callback(generator.close)
        model, policy = load_models(user, cancel)
        models = [model] if policy is None else [model, policy]
        for each in models:
            loaded.callback(each.close)
        windows = [
            affordable(
                fit(each.budget, each.n_ctx),
                _prefill(each, user, cancel or Cancel(), fresh_s),
                seconds=COLD_S / len(models),
            )
            for each in models
        ]
        completer = Completer(model, policy, generator, windows=windows)
        loaded.pop_all()
        return completer


def connect(endpoint: Endpoint) -> RemoteGenerator:
    """A generator on an endpoint; no connection is made before the first request."""
    from sidelong.engine.remote.client import Client

    return RemoteGenerator(endpoint, Client(endpoint))


def learn_speeds(completer: Completer, user: UserSettings) -> None:
    """Keep the speeds at which the completer's models have read, for the next start."""
    from sidelong.engine.model.llama import LlamaModel

    for model in completer.models:
        if isinstance(model, LlamaModel) and model.prefill is not None:
            speeds.learn(model.path, user, model.prefill)


def _prefill(
    model: LlamaModel, user: UserSettings, cancel: Cancel, fresh_s: float | None
) -> float | None:
    """Tokens per second; None where that is not known, or does not matter."""
    if not can_shrink(fit(model.budget, model.n_ctx)):
        return None
    if fresh_s is not None:
        return speeds.measured(model, model.path, user, cancel, fresh_s=fresh_s).prefill
    known = speeds.kept(model.path, user)
    return None if known is None else known.speed.prefill


def load_models(
    user: UserSettings, cancel: Cancel | None = None
) -> tuple[LlamaModel, LlamaModel | None]:
    """The user's model, else the shipped one, and the policy that decides in its place, if any.

    Whether to retrieve is decided by the policy that the user names; else by the model itself,
    or by the shipped one where the model cannot.
    Models that this llama.cpp has never run are tried first (`trial`).
    Raises `ModelError`, and `Stopped` when `cancel` is set.
    """
    trial.ensure(user, cancel)
    return load_untried(user, cancel)


def load_untried(
    user: UserSettings, cancel: Cancel | None = None
) -> tuple[LlamaModel, LlamaModel | None]:
    """As `load_models`, without the trial; for the process that tries them."""
    shipped = user.shipped or paths.default_model()
    model = _chosen(user, shipped, cancel)
    try:
        return model, _policy(user, model, shipped, cancel)
    except BaseException:
        model.close()
        raise


def _chosen(user: UserSettings, shipped: Path, cancel: Cancel | None) -> LlamaModel:
    """The user's model, else the shipped one; nano where the better of these cannot be loaded."""
    try:
        return _load(user.model or shipped, user, user.n_ctx, cancel)
    except ModelError:
        if user.model is not None or shipped == paths.nano_model():
            raise
        log.exception("%s cannot be loaded, so nano completes in its place", shipped)
        return _load(paths.nano_model(), user, user.n_ctx, cancel)


def _policy(
    user: UserSettings, model: LlamaModel, shipped: Path, cancel: Cancel | None
) -> LlamaModel | None:
    if user.policy is not None:
        return _deciding(user.policy, user, cancel)
    if model.special.decides:
        return None
    try:
        return _deciding(shipped, user, cancel)
    except ModelError:
        # Nobody asked for it: the model can complete without.
        log.exception("%s completes without retrieval: the shipped model cannot decide", model.name)
        return None


def _deciding(path: Path, user: UserSettings, cancel: Cancel | None) -> LlamaModel:
    policy = _load(path, user, None, cancel)
    if not policy.special.decides:
        policy.close()
        raise ModelWithoutDecision(
            f"The policy {path} has no token to decide with. Name a model in "
            "`sidelong.model.policy` that was trained to decide, or leave it empty for the "
            "default model."
        )
    return policy


def _load(path: Path, user: UserSettings, n_ctx: int | None, cancel: Cancel | None) -> LlamaModel:
    return load_model(
        path, threads=user.threads, gpu_layers=user.gpu_layers, n_ctx=n_ctx, cancel=cancel
    )


def load_model(
    path: Path,
    *,
    threads: int | None = None,
    gpu_layers: int = -1,
    n_ctx: int | None = None,
    cancel: Cancel | None = None,
) -> LlamaModel:
    """Load one GGUF file; the arguments, and what is raised, are those of `LlamaModel`."""
    from sidelong.engine.model.llama import LlamaModel

    return LlamaModel(path, threads=threads, gpu_layers=gpu_layers, n_ctx=n_ctx, cancel=cancel)


def llama_build() -> tuple[str, bool]:
    """llama.cpp's own line on the CPU features it uses, and whether it can offload to a GPU.

    Raises what importing the library raises where it cannot be loaded.
    """
    from sidelong.engine.model.llama import build_info, supports_gpu

    return build_info(), supports_gpu()
