"""Tokens that a server which keeps its last prompt evaluates for a keystroke, with a stock layout.

A real `llama_cpp.server` (llama-cpp-python[server]) serves nano on loopback and says in its log
how much of each prompt it had. Lines of a file of ours are typed into it, character by character,
with and without chunks. nano reads the format, and writes nonsense in it: only prompts count here.

    python -m bench.remote
"""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sidelong.engine import Cancel, Request, load_completer
from sidelong.paths import nano_model
from sidelong.settings import Settings, UserSettings
from sidelong_index import Snapshot, build

SOURCES: Final = Path(__file__).parents[1] / "server" / "sidelong"
OPEN: Final = "configfile.py"
OTHERS: Final = ("sections.py", "files.py", "settings.py")
PLACES: Final = (20, 32, 44, 58, 72, 84)
"""Lines of the open file, from which on two are typed."""
READY_S: Final = 120
_KNOWN: Final = re.compile(
    rb"(\d+) prefix-match hit, remaining (\d+) prompt tokens|(full) prompt already cached"
)


def main() -> None:
    """Type with either decision, and print the counts."""
    text = (SOURCES / OPEN).read_text(encoding="utf-8")
    snapshot = build([(name, (SOURCES / name).read_text(encoding="utf-8")) for name in OTHERS])
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder) / "log") as url:
        for mode in ("never", "always"):
            keys = list(_typed(text, url, Path(folder) / "log", snapshot, mode))
            for kind in ("key", "line"):
                counts = [n for each, n in keys if each == kind]
                print(
                    f"{mode:6} {kind:4}: median {statistics.median(counts):.0f}, "
                    f"mean {statistics.mean(counts):.1f}, most {max(counts)} ({len(counts)})"
                )


def _typed(
    text: str, url: str, log: Path, snapshot: Snapshot, mode: str
) -> Iterator[tuple[str, int]]:
    """The tokens evaluated for each key, and for each first key of a line."""
    user = UserSettings(
        model=nano_model(),
        remote=url,
        remote_format="starcoder",
        remote_timeout_ms=60_000,
        threads=1,
    )
    settings = Settings(retrieval="always" if mode == "always" else "never", min_probability=0)
    completer = load_completer(user, remote=True)
    lines = text.splitlines(keepends=True)
    try:
        for place in PLACES:
            before, after = "".join(lines[:place]), "".join(lines[place + 2 :])
            for line in lines[place : place + 2]:
                for n in range(len(line)):
                    said = log.stat().st_size
                    typed = before + line[:n]
                    request = Request(OPEN, "python", typed + after, len(typed), settings)
                    answer = completer.complete(request, snapshot=snapshot, cancel=Cancel())
                    assert answer.remote is not None
                    assert not answer.remote.problem, answer.remote.problem
                    if place != PLACES[0] or before.count("\n") > place:
                        yield "key" if n else "line", _evaluated(log, said)
                before += line
    finally:
        completer.close()


def _evaluated(log: Path, start: int) -> int:
    """The tokens of the prompts that the server has told of since."""
    said = _KNOWN.findall(log.read_bytes()[start:])
    return sum(int(left or 1) for _, left, _ in said)


@contextmanager
def _server(log: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "llama_cpp.server", "--model", str(nano_model()),
             "--host", "127.0.0.1", "--port", str(port), "--n_ctx", "4096",
             "--n_threads", "1", "--n_threads_batch", "1"],
            stdout=file, stderr=file,
        )  # fmt: skip
    deadline = time.monotonic() + READY_S
    try:
        while b"Uvicorn running" not in log.read_bytes():
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
