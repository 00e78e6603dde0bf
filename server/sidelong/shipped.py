"""The two models in the package, and the choice of the one that suits this machine.

`default` is the better one; `nano` is for machines on which that takes too long. The speed of
`default` is measured once and kept in the cache folder.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from sidelong import paths
from sidelong.engine import Cancel, Speed, load_model, measure_speed
from sidelong.files import write_text
from sidelong.settings import UserSettings

log = logging.getLogger(__name__)

MOST_KEYSTROKE_MS: Final = 700
"""From a key to a suggestion; a slower model lags behind the typist."""

MOST_COLD_MS: Final = 9000
"""For a prompt of which nothing is in the KV cache, as after a jump to another place."""

COLD_TOKENS: Final = 1120
"""The default model's budget before the cursor, after it, and of chunks."""

PARAMETERS: Final = 167_286_656
"""The number of the default model's weights."""

FORMAT: Final = 1
"""Of the kept record; one with another number counts for nothing. 1: 2026, the first."""


def suits(speed: Speed) -> bool:
    """True if the default model is fast enough at this speed."""
    return speed.keystroke_ms <= MOST_KEYSTROKE_MS and speed.prefill_ms(COLD_TOKENS) <= MOST_COLD_MS


def choose(user: UserSettings, *, unmeasured: Path, measured: Speed | None = None) -> UserSettings:
    """The settings with the shipped model that suits the machine.

    `measured` counts before the kept speed, for the file may not have been written; `unmeasured`
    is taken where no speed is known. Reads a small file.
    """
    speed = measured or kept_speed()
    chosen = unmeasured if speed is None else _suiting(speed)
    return replace(user, shipped=chosen if chosen.is_file() else paths.nano_model())


def kept_speed() -> Speed | None:
    """The speed of the default model; None if it was not measured yet."""
    try:
        record = json.loads(paths.speed_file().read_text(encoding="utf-8"))
        if not isinstance(record, Mapping) or record.get("for") != _measured_for():
            return None
        prefill, decode = float(record["prefill"]), float(record["decode"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # A record that is damaged counts for nothing.
    usable = 0 < prefill < math.inf and 0 < decode < math.inf
    return Speed(prefill, decode) if usable else None


def measure(user: UserSettings, cancel: Cancel | None = None) -> Speed:
    """Load the default model, measure its speed, and keep that.

    Takes seconds. Raises `ModelError` if it cannot be loaded, and `Stopped` when `cancel` is set.
    """
    cancel = cancel or Cancel()
    model = load_model(
        paths.default_model(), threads=user.threads, gpu_layers=user.gpu_layers, cancel=cancel
    )
    try:
        speed = measure_speed(model, cancel)
    finally:
        model.close()
    keep_speed(speed)
    return speed


def keep_speed(speed: Speed) -> None:
    """Keep the speed for the next start; a full disk costs another measurement."""
    record = {
        "for": _measured_for(),
        "prefill": round(speed.prefill, 2),
        "decode": round(speed.decode, 2),
    }
    try:
        write_text(paths.speed_file(), json.dumps(record))
    except OSError as error:
        log.warning("The speed of the default model cannot be kept: %s", error)


def _suiting(speed: Speed) -> Path:
    return paths.default_model() if suits(speed) else paths.nano_model()


def _measured_for() -> dict[str, int]:
    """The facts that a measurement holds for."""
    model = paths.default_model()
    return {
        "format": FORMAT,
        "size_bytes": model.stat().st_size if model.is_file() else 0,
    }
