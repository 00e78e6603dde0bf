"""The speed of the default model on this machine, and which of the shipped models suits."""

from __future__ import annotations

from sidelong import paths, shipped
from sidelong.cli.checks.finding import Finding
from sidelong.engine import Speed
from sidelong.errors import ModelError
from sidelong.settings import UserSettings


def check_speed(user: UserSettings) -> Finding:
    """The kept measurement, or a new one if there is none; that takes seconds."""
    if not paths.default_model().is_file():
        return Finding(
            "speed",
            "note",
            "this package holds the small model alone",
            "Reinstall sidelong to get the better one.",
        )
    try:
        speed = shipped.kept_speed() or shipped.measure(user)
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
        f"Measure again on an idle machine by deleting {paths.speed_file()}, or choose by "
        "`sidelong model use default`.",
        details,
    )
