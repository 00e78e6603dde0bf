"""Tokens that a server which keeps its last prompt evaluates for a keystroke, with a stock layout.

Real servers have nano on loopback and count the tokens that they evaluate: `llama_cpp.server`
(llama-cpp-python[server]) in its log and, where it is built (see `bench.peer.build`), llama-server
in its metrics, asked by both of its endpoints. Lines of a file of ours are typed into it, character
by character, with and without chunks. nano reads the formats, and writes nonsense in them: only
prompts count here.

    python -m bench.remote
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.peer.build import NotBuilt, server
from bench.peer.serving import free_port, served

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
_TOTAL: Final = re.compile(rb"^llamacpp:prompt_tokens_total (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Side:
    """A server, the way to it, and its count of all prompt tokens that it has evaluated."""

    name: str
    url: str
    format: str
    evaluated: Callable[[], int]


def main() -> None:
    """Type with either decision at each server, and print the counts."""
    text = (SOURCES / OPEN).read_text(encoding="utf-8")
    snapshot = build([(name, (SOURCES / name).read_text(encoding="utf-8")) for name in OTHERS])
    for serve in (_llama_cpp_python, _llama_server):
        with serve() as sides:
            for side in sides:
                for mode in ("never", "always"):
                    _tell(side, mode, list(_typed(text, side, snapshot, mode)))


def _tell(side: Side, mode: str, keys: list[tuple[str, int]]) -> None:
    for kind in ("key", "line"):
        counts = [n for each, n in keys if each == kind]
        print(
            f"{side.name}, {side.format}, {mode:6} {kind:4}: "
            f"median {statistics.median(counts):.0f}, mean {statistics.mean(counts):.1f}, "
            f"most {max(counts)} ({len(counts)})",
            flush=True,
        )


def _typed(text: str, side: Side, snapshot: Snapshot, mode: str) -> Iterator[tuple[str, int]]:
    """The tokens evaluated for each key, and for each first key of a line."""
    user = UserSettings(
        model=nano_model(),
        remote=side.url,
        remote_format=side.format,
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
                    already = side.evaluated()
                    typed = before + line[:n]
                    request = Request(OPEN, "python", typed + after, len(typed), settings)
                    answer = completer.complete(request, snapshot=snapshot, cancel=Cancel())
                    assert answer.remote is not None
                    assert not answer.remote.problem, answer.remote.problem
                    if place != PLACES[0] or before.count("\n") > place:
                        yield "key" if n else "line", side.evaluated() - already
                before += line
    finally:
        completer.close()


@contextmanager
def _llama_cpp_python() -> Iterator[list[Side]]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "llama_cpp.server", "--model", str(nano_model()),
                 "--host", "127.0.0.1", "--port", str(port), "--n_ctx", "4096",
                 "--n_threads", "1", "--n_threads_batch", "1"],
                stdout=file, stderr=file,
            )  # fmt: skip

        def evaluated() -> int:
            return sum(int(left or 1) for _, left, _ in _KNOWN.findall(log.read_bytes()))

        deadline = time.monotonic() + READY_S
        try:
            while b"Uvicorn running" not in log.read_bytes():
                assert process.poll() is None, log.read_text(errors="replace")
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.1)
            yield [Side("llama_cpp.server", f"http://127.0.0.1:{port}/v1", "starcoder", evaluated)]
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _llama_server() -> Iterator[list[Side]]:
    """Two ways to one server; none where it is not built."""
    try:
        executable = server(build=False)
    except NotBuilt as error:
        print(error)
        yield []
        return
    # Chunks beside a window of nano's tokens are more than it was trained to read at once.
    options = ["-t", "1", "-tb", "1", "-np", "1", "-c", "4096", "--metrics"]
    options += ["--override-kv", "llama.context_length=int:4096"]
    with served(executable, nano_model(), options) as llama:

        def evaluated() -> int:
            with urllib.request.urlopen(f"{llama.url}/metrics") as response:
                found = _TOTAL.search(response.read())
            assert found is not None
            return int(found[1])

        yield [
            Side("llama-server", f"{llama.url}/v1", "starcoder", evaluated),
            Side("llama-server", llama.url, "infill", evaluated),
        ]


if __name__ == "__main__":
    main()
