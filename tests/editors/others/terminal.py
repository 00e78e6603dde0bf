"""A Vim in a terminal of its own, which people's keys are typed into."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class Terminal:
    """One program on a terminal; what it draws is kept for the message of a failure."""

    def __init__(self, argv: list[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._keys, other = pty.openpty()
        self.process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)
        self.drawn = b""

    def type(self, keys: str) -> None:
        """Type the keys."""
        os.write(self._keys, keys.encode())

    def until(self, fact: Callable[[], object], *, within_s: float) -> bool:
        """Read on until the fact holds; False if it never does."""
        deadline = time.monotonic() + within_s
        while not fact():
            if time.monotonic() > deadline:
                return False
            self._read()
        return True

    def ends(self, *, within_s: float) -> bool:
        """True if the program ends by itself."""
        return self.until(lambda: self.process.poll() is not None, within_s=within_s)

    def close(self) -> None:
        """Kill what is left of the program."""
        self.process.kill()
        self.process.wait()
        os.close(self._keys)

    def _read(self) -> None:
        if select.select([self._keys], [], [], 0.05)[0]:
            try:
                self.drawn += os.read(self._keys, 1 << 16)
            except OSError:  # nobody is on the other side any more
                time.sleep(0.05)
