"""The speed of this machine, and what it chooses: the shipped model, and the model's window."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from sidelong import paths, shipped
from sidelong.cli.checks.finding import Finding
from sidelong.engine import Speed, load_completer
from sidelong.errors import ModelError
from sidelong.settings import Settings, UserSettings

MEASURE_AGAIN: Final = "Measure again on an idle machine by `sidelong doctor --measure`"


def check_speed(user: UserSettings, *, again: bool) -> Finding:
    """The kept measurement, or a new one if there is none; that takes seconds."""
    if not paths.default_model().is_file():
        return Finding(
            "speed",
            "note",
            "this package holds the small model alone",
            "Reinstall sidelong to get the better one.",
        )
    try:
        known = None if again else shipped.kept_speed(user)
        speed = known or shipped.measure(user, fresh_s=0)
    except ModelError as error:
        return Finding("speed", "broken", str(error), "Reinstall sidelong.")
    return _judge(speed)


def _judge(speed: Speed) -> Finding:
    fact = (
        f"the default model reads {speed.prefill:.0f} and writes {speed.decode:.0f} tokens a "
        f"second: a keystroke takes about {speed.keystroke_ms:.0f} ms, and a prompt that is read "
        f"whole {speed.prefill_ms(shipped.COLD_TOKENS) / 1000:.1f} s"
    )
    details = {"prefill": speed.prefill, "decode": speed.decode, "suits": shipped.suits(speed)}
    if shipped.suits(speed):
        return Finding("speed", "ok", fact, details=details)
    return Finding(
        "speed",
        "note",
        f"{fact}; that is too slow, so the small model completes",
        f"{MEASURE_AGAIN}, or choose by `sidelong model use default`.",
        details,
    )


def check_window(user: UserSettings, settings: Settings, *, again: bool) -> Finding:
    """The most tokens that the model is shown, and why; takes seconds if it is to be measured."""
    if user.model is None:  # The choice may be another by now.
        user = shipped.choose(replace(user, shipped=None), unmeasured=paths.default_model())
    completer = load_completer(user, fresh_s=0 if again and user.model else math.inf)
    try:
        window = completer.window(settings)
    finally:
        completer.close()
    budget = window.budget
    fact = (
        f"{budget.prefix:,} tokens before the cursor, {budget.suffix:,} after it and "
        f"{budget.context:,} of other files: {window.reason}"
    )
    if not window.shrunk:
        return Finding("window", "ok", fact, details=window.facts())
    return Finding(
        "window",
        "note",
        fact,
        f"{MEASURE_AGAIN}, or set `sidelong.budget.prefix`, `suffix` and `context` for more.",
        window.facts(),
    )
