"""Other processes of this machine, told apart from later ones that get the same number."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class ProcessId:
    """One process, by its number and the second since the epoch in which it began."""

    pid: int
    began: float


def identify(pid: int) -> ProcessId | None:
    """The process that has this number now; None if none has, or if it has ended already."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessId(pid, process.create_time())
    except (psutil.Error, ValueError, OverflowError):
        return None


def is_running(process: ProcessId) -> bool:
    """False once the process has ended, whoever has its number now."""
    return identify(process.pid) == process
