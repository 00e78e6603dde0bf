"""The two models in the package, and the choice of the one that suits this machine.

`default` is the better one; `nano` is for machines on which that takes too long. The speed of
`default` is measured once and kept in the cache folder (`engine.speeds`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from sidelong import engine, paths
from sidelong.engine import Cancel, Speed, load_model
from sidelong.settings import UserSettings

MOST_KEYSTROKE_MS: Final = 700
"""From a key to a suggestion; a slower model lags behind the typist."""

MOST_COLD_MS: Final = 9000
"""For a prompt of which nothing is in the KV cache, as after a jump to another place."""

COLD_TOKENS: Final = 1120
"""The default model's budget before the cursor, after it, and of chunks."""

PARAMETERS: Final = 167_287_552
"""The number of the default model's weights."""

DOUBTED_AFTER_S: Final = 24 * 3600.0
"""A finding that the machine is too slow is measured again after so long."""


def suits(speed: Speed) -> bool:
    """True if the default model is fast enough at this speed."""
    return speed.keystroke_ms <= MOST_KEYSTROKE_MS and speed.prefill_ms(COLD_TOKENS) <= MOST_COLD_MS


def choose(user: UserSettings, *, unmeasured: Path, measured: Speed | None = None) -> UserSettings:
    """The settings with the shipped model that suits the machine.

    `measured` counts before the kept speed, for the file may not have been written; `unmeasured`
    is taken where no speed is known. Reads a small file.
    """
    speed = measured or kept_speed(user)
    chosen = unmeasured if speed is None else _suiting(speed)
    return replace(user, shipped=chosen if chosen.is_file() else paths.nano_model())


def kept_speed(user: UserSettings | None = None) -> Speed | None:
    """The speed of the default model on the user's threads; None if it was not measured yet."""
    known = engine.kept_speed(paths.default_model(), user or UserSettings())
    return None if known is None else known.speed


def is_due(user: UserSettings) -> bool:
    """True if the default model is to be measured: never yet, or too slow some days ago.

    Then the machine may have been busy, and the better model is worth another look.
    """
    known = engine.kept_speed(paths.default_model(), user)
    return known is None or (not suits(known.speed) and known.age_s > DOUBTED_AFTER_S)


def measure(
    user: UserSettings, cancel: Cancel | None = None, *, fresh_s: float = DOUBTED_AFTER_S
) -> Speed:
    """Load the default model, measure its speed, and keep that.

    Takes seconds. Another process that measures is waited for; a finding younger than `fresh_s` is
    taken as it is.
    Raises `ModelError` if it cannot be loaded, and `Stopped` when `cancel` is set.
    """
    cancel, path = cancel or Cancel(), paths.default_model()
    model = load_model(path, threads=user.threads, gpu_layers=user.gpu_layers, cancel=cancel)
    try:
        return engine.measured_speed(model, path, user, cancel, fresh_s=fresh_s)
    finally:
        model.close()


def keep_speed(speed: Speed, user: UserSettings | None = None) -> None:
    """Keep the speed of the default model on the user's threads."""
    engine.keep_speed(paths.default_model(), user or UserSettings(), speed)


def _suiting(speed: Speed) -> Path:
    return paths.default_model() if suits(speed) else paths.nano_model()
