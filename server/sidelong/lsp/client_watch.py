"""Ends the server when the editor's process is gone.

Usually the end of its input tells that; but another process, such as a terminal that the editor
had started, may hold the other end of the pipe.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sidelong.processes import is_running

logger = logging.getLogger(__name__)

EVERY_S: Final = 3.0
GRACE_S: Final = 30.0
"""For an orderly end, which a full pipe that nobody reads would hold up for ever."""


class ClientWatch:
    """Looks for the client's process now and then, on a thread of its own."""

    def __init__(self, on_gone: Callable[[], object]) -> None:
        """`on_gone` is called on the event loop, once the process is gone."""
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()

    def start(self, pid: int | None) -> None:
        """Begin to watch; a process that is not here, as outside of a container, is not missed."""
        if pid is not None:
            # Looked at now, for the thread takes a moment in which the process may end.
            args = (pid, time.time(), _is_here(pid))
            watch = threading.Thread(
                target=self._watch, args=args, name="sidelong-client", daemon=True
            )
            watch.start()

    def stop(self) -> None:
        """Stop watching; idempotent."""
        self._stopped.set()

    def _watch(self, pid: int, now_s: float, is_here: bool) -> None:
        if not is_here and not is_running(pid, since_s=now_s):
            return
        while is_running(pid, since_s=now_s):
            if self._stopped.wait(EVERY_S):
                return
        logger.warning("The client, process %d, is gone: the server ends", pid)
        with suppress(RuntimeError):  # the loop has ended just now
            self._loop.call_soon_threadsafe(self._on_gone)
        if not self._stopped.wait(GRACE_S):
            os._exit(1)


def _is_here(pid: int) -> bool:
    """True if there is such a process for certain; cheap, and never so on Windows."""
    if sys.platform == "win32" or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
