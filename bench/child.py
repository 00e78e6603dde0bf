"""The cost of the model in a process of its own, which `sidelong serve` does not have.

Memory is what processes hold for themselves, without what is mapped from files: one that serves
and completes, against one of each. Latency is the way there and back of a request with its whole
document and eighteen chunks, over a pipe, against a completion after a keystroke.

    python -m bench.child [GGUF]
"""

from __future__ import annotations

import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from bench.memory import mapped
from bench.program import Result, program
from bench.sources import package

from sidelong.engine import Answer, Cancel, Completer, Request, load_model
from sidelong.settings import Settings

SERVES = "import sidelong.lsp.methods, sidelong.lsp.serve"
COMPLETES = """
import sys
from pathlib import Path
from sidelong.engine import Cancel, Completer, Request, load_model
from sidelong.settings import Settings
completer = Completer(load_model(Path(sys.argv[1]), threads=1))
text = "def area(width, height):\\n    return "
request = Request(path="a.py", language="python", text=text, offset=len(text), settings=Settings())
completer.complete(request, snapshot=None, cancel=Cancel())
"""
WAITS = "\nprint(flush=True); input()"
CHUNKS = 18


def own_bytes(program: str, model: Path) -> int:
    """The anonymous memory of a process that has run this; on Linux alone."""
    command = [sys.executable, "-c", program + WAITS, str(model)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        size = mapped(process.pid, "Anonymous")
        process.communicate("\n")
    assert size is not None
    return size


def echo(pipe: Connection) -> None:
    """The child's side: take a request and its chunks, and give an answer."""
    while (got := pipe.recv()) is not None:
        pipe.send(got[-1])


def there_and_back(request: Request, chunks: list[str], answer: Answer, times: int) -> list[float]:
    """Milliseconds of each way there and back."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=echo, args=(theirs,))
    process.start()
    taken = []
    for _ in range(times + 1):
        start_s = time.perf_counter()
        ours.send((request.path, request.text, request.offset, chunks, answer.text))
        ours.recv()
        taken.append(1000 * (time.perf_counter() - start_s))
    ours.send(None)
    process.join()
    return taken[1:]  # the first waits for the process to start


def typed(completer: Completer, request: Request, times: int) -> tuple[list[float], Answer]:
    """Milliseconds of a completion after each of some keystrokes, and the last answer."""
    taken = []
    cursor = request.offset
    for n in range(times + 1):
        step = replace(request, offset=cursor + n)
        start_s = time.perf_counter()
        answer = completer.complete(step, snapshot=None, cancel=Cancel())
        taken.append(1000 * (time.perf_counter() - start_s))
    return taken[1:], answer  # the first reads the whole prompt


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.child", __doc__, arguments)
    source = package()
    path = source.longest(1)[0]
    text = source.files[path]
    chunks = [hit.text for hit in source.snapshot().search(text[:400], k=CHUNKS)]
    request = Request(
        path=path, language="python", text=text, offset=len(text) // 2,
        settings=Settings(min_probability=0.0),
    )  # fmt: skip
    times = run.times(40, 3)
    completions, answer = typed(Completer(load_model(run.model, threads=1)), request, times)
    ways = there_and_back(request, chunks, answer, times)
    way, completion = statistics.median(ways), statistics.median(completions)
    figures = {"way ms": way, "completion ms": completion, "characters": len(text)}
    run.leave(Result("child_way", way / completion, "x", "a completion", figures))
    one = own_bytes(SERVES + COMPLETES, run.model)
    two = own_bytes(SERVES, run.model) + own_bytes(COMPLETES, run.model)
    sizes = {"one MB": one / 1e6, "two MB": two / 1e6}
    run.leave(Result("child_memory", (two - one) / 1e6, "MB", "one process", sizes))


if __name__ == "__main__":
    main()
