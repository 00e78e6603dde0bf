"""The number of threads for llama.cpp where the user sets none."""

from __future__ import annotations

import os


def default_threads() -> int:
    """Half of the processors this process may use, at most 8.

    Spinning worker threads on a busy machine fight each other and the editor; the second
    hardware thread of a core, or an efficiency core, adds little to a matrix product.
    """
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    )
    return max(1, min(8, usable // 2))
