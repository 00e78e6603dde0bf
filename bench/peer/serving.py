"""A llama-server on loopback, while somebody needs it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.peer.build import NotBuilt

STARTS_WITHIN_S = 300.0


@dataclass(frozen=True)
class Served:
    """A llama-server that runs."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def served(
    executable: Path, model: Path, options: Sequence[str], *, log: Path | None = None
) -> Iterator[Served]:
    """A llama-server that is ready; raises `NotBuilt` if it does not start."""
    port = free_port()
    command = [str(executable), "-m", str(model), "--host", "127.0.0.1", "--port", str(port)]
    with (
        (log or Path(os.devnull)).open("wb") as file,
        subprocess.Popen([*command, *options], stdout=file, stderr=file) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield Served(url, process)
        finally:
            process.kill()


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while not _is_healthy(url):
        if time.monotonic() > until or process.poll() is not None:
            raise NotBuilt("llama-server did not start: run it by hand to see why.")
        time.sleep(0.2)


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/health"):
            return True
    except OSError:
        return False
