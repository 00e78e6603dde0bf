"""Other processes of this machine, told apart from later ones that get the same number."""

from __future__ import annotations

from typing import Final

_ROUNDING_S: Final = 1.0
"""The system tells when a process began to a hundredth of a second or less exactly."""


def is_running(pid: int, *, since_s: float) -> bool:
    """True if the process that had this number then, in seconds since the epoch, has not ended."""
    # Imported here: it takes a tenth of a second, and most starts of a server need it later.
    import psutil

    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return not ended and process.create_time() <= since_s + _ROUNDING_S
    except (psutil.Error, ValueError, OverflowError):
        return False
