"""Memory of a model's file that is mapped into this process and that nobody reads any more.

While it loads, llama.cpp copies most weights into an order that suits the processor; the pages that
they were copied from stay in memory all the same.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

_MAPS: Final = Path("/proc/self/maps")
_DONTNEED: Final = 4
"""Linux's MADV_DONTNEED: pages of a file go, and come back from the file when they are read."""


def give_back(path: Path) -> int:
    """Let go of the pages of the file; the bytes of the mappings, 0 where that is not possible.

    The pages that are still read come back by themselves, from the system's cache of the file.
    """
    if not sys.platform.startswith("linux"):
        return 0
    try:
        lines = _MAPS.read_text("utf-8", "surrogateescape").splitlines()
        madvise = ctypes.CDLL(None, use_errno=True).madvise
    except (OSError, AttributeError):
        log.debug("the pages of %s stay in memory", path, exc_info=True)
        return 0
    given = 0
    for start, end in mappings(lines, os.path.realpath(path)):
        failed = madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONTNEED)
        given += 0 if failed else end - start
    return given


def mappings(lines: Iterable[str], path: str) -> Iterator[tuple[int, int]]:
    """The address ranges at which the file is mapped, by the lines of Linux's `maps`.

    A mapping that can be written to is none of them: its pages may differ from the file's.
    """
    for line in lines:
        fields = line.split(maxsplit=5)
        if len(fields) < 6 or fields[5] != path or "w" in fields[1]:
            continue
        start, _, end = fields[0].partition("-")
        yield int(start, 16), int(end, 16)
