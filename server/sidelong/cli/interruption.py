"""Ctrl-C in a command that has something to report by then: the exit status and the sentence."""

from __future__ import annotations

import signal
from typing import Final

INTERRUPTED: Final = 128 + signal.SIGINT
"""As a shell reports a program ended by Ctrl-C."""


def partial_run(done: str) -> str:
    """The sentence on a run that ended early; `done` says how far it came: "3 of 6 blanks"."""
    return f"PARTIAL: interrupted after {done}. Run it to its end before you rely on the figures."
