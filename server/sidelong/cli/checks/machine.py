"""Python, processors and memory of this machine; the only module that imports psutil."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import psutil
from rich.filesize import decimal

from sidelong import __version__
from sidelong.cli.checks.finding import Finding
from sidelong.engine import default_threads, model_files

BESIDES_WEIGHTS_BYTES = 256_000_000
"""For the context, the index of an ordinary workspace and Python itself."""


def check_python() -> Finding:
    """The versions of Python, sidelong and the platform."""
    version = platform.python_version()
    return Finding(
        "python",
        "ok",
        f"{version}, sidelong {__version__}, {platform.system()} {platform.machine()}",
        details={
            "version": version,
            "sidelong": __version__,
            "executable": sys.executable,
            "platform": platform.platform(),
        },
    )


def check_processors(threads: int | None) -> Finding:
    """The threads that the model gets of those there are; `threads` is the setting."""
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    details = {
        "threads": threads,
        "usable": usable,
        "cores": psutil.cpu_count(logical=False),
        "processor": _processor(),
    }
    fact = f"{_processor()}, {usable} usable"
    if threads is None:
        return Finding(
            "processors", "ok", f"{fact}, the model gets {default_threads()}", details=details
        )
    if threads > usable:
        return Finding(
            "processors",
            "note",
            f"{fact}, but `sidelong.threads` is {threads}",
            "Lower `sidelong.threads`: threads that wait for each other make the model slow.",
            details,
        )
    return Finding("processors", "ok", f"{fact}, the model gets {threads}", details=details)


def available_bytes() -> int:
    """The main memory that a program can take without others being swapped out."""
    return int(psutil.virtual_memory().available)


def total_bytes() -> int:
    """The main memory of this machine."""
    return int(psutil.virtual_memory().total)


def resident_bytes() -> int:
    """The main memory that this process holds, its mapped files included."""
    return int(psutil.Process().memory_info().rss)


def check_memory(model: Path) -> Finding:
    """The free memory against the need of the model."""
    memory = psutil.virtual_memory()
    weights = sum(each.stat().st_size for each in model_files(model) if each.is_file())
    needed = weights + BESIDES_WEIGHTS_BYTES
    fact = f"{decimal(memory.available)} free of {decimal(memory.total)}"
    details = {
        "available_bytes": memory.available,
        "total_bytes": memory.total,
        "needed_bytes": needed,
    }
    if memory.available >= needed:
        return Finding("memory", "ok", fact, details=details)
    return Finding(
        "memory",
        "note",
        f"{fact}; the model wants about {decimal(needed)}",
        "Close other programs, or use a smaller model or quantisation.",
        details,
    )


def _processor() -> str:
    """The processor's name, as far as the system tells it without running a program."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
