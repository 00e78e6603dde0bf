"""A question to the user that is answered with yes or no."""

from __future__ import annotations

import sys


def can_ask() -> bool:
    """True if somebody sits at the other end of stdin."""
    return sys.stdin.isatty()


def confirmed(question: str) -> bool:
    """True if the user says yes; anything else is no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
