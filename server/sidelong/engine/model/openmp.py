"""OpenMP's waiting threads, which spin: on a busy machine they take the cores from those that work.

The libraries read their settings once, while they are loaded, so these stand in the environment for
just that moment; no program that is started later inherits them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SPIN_BRIEFLY: Final = {
    # GNU's: rounds of the waiting loop before a thread sleeps, 300,000 by default. Sleeping at
    # once (OMP_WAIT_POLICY=passive) makes each of a token's hundreds of waits a system call.
    "GOMP_SPINCOUNT": "10000",
    # LLVM's, Intel's: milliseconds before a thread sleeps, 200 by default.
    "KMP_BLOCKTIME": "1",
}
"""Measured by bench/busy.py."""


@contextmanager
def brief_spinning() -> Iterator[None]:
    """Load OpenMP within this block; settings of the user's own stay as they are."""
    wanted = {name: value for name, value in SPIN_BRIEFLY.items() if name not in os.environ}
    if "OMP_WAIT_POLICY" in os.environ:
        wanted = {}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name in wanted:
            os.environ.pop(name, None)
