"""The cost of other programs: a prompt read and a text written while they use every core.

256 tokens are read and 12 written on two threads, idle and beside as many busy loops as there are
cores, in four ways of waiting for each other's threads:

- before: the engine at the tag `before-fast`, where OpenMP waits as it does by default
- passive: threads sleep at once, all of them always
- brief: threads spin briefly, all of them always
- fewer: the product, which spins briefly and takes fewer threads while some are held up

Each way is a process of its own, since OpenMP reads its settings once; they take turns.

    python -m bench.busy [GGUF]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from bench.program import Program, Result, program, ratio
from bench.sources import package

from sidelong.engine import Cancel, load_model

ROOT = Path(__file__).parents[1]
TAG = "736eee379f269f22e09090ed6f75d7a7fecf2806"
"""The commit of the tag before-fast, which a clone may lack."""
THREADS, READ, WRITTEN = 2, 256, 12
ROUNDS = 7
ADAPTING = 2
"""Passes of each way that are not counted when the load changes."""
_BUSY_LOOP = """\
import os
parent = os.getppid()
while os.getppid() == parent:
    sum(range(10_000))
"""
"""Ends with this program, however that ends."""


class Steady:
    """A number of threads that no held up pass changes; stands where `Threads` does."""

    def __init__(self, now: int) -> None:
        self.now = now

    def took(self, n_tokens: int, seconds: float, at_s: float) -> None:
        """Learn nothing."""


@dataclass(frozen=True)
class Way:
    """A process that reads and writes whenever it is told to."""

    name: str
    process: subprocess.Popen[str]
    idle_s: list[float] = field(default_factory=list)
    busy_s: list[float] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    """Those of the passes beside busy loops."""

    def run(self) -> tuple[float, int]:
        """Seconds of one pass, and the number of threads at its end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise RuntimeError(f"the process of {self.name!r} ended: see its message above")
        return float(answer[0]), int(answer[1])


def serve(model: Path, name: str) -> None:
    """The process of one way: a line of figures for each line it gets."""
    llama = load_model(model, threads=THREADS)
    if name in ("passive", "brief"):
        llama._threads = Steady(THREADS)  # type: ignore[assignment]
    text = "\n".join(package().files.values())[: 16 * (READ + WRITTEN)]
    tokens = llama.tokenize(text)[: READ + WRITTEN]
    cancel = Cancel()
    for _line in sys.stdin:
        llama.forget()
        start = time.perf_counter()
        for n in range(READ, READ + WRITTEN):
            llama.evaluate(tokens[:n], rows=1, cancel=cancel)
        seconds = time.perf_counter() - start
        now = getattr(getattr(llama, "_threads", None), "now", THREADS)
        print(seconds, now, flush=True)
    llama.close()


@contextmanager
def way(name: str, model: Path, source: Path | None) -> Iterator[Way]:
    """The process of one way; `source` is the checkout that it imports, by default this one."""
    unset = ("OMP_", "GOMP_", "KMP_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(unset)}
    if name == "passive":
        env["OMP_WAIT_POLICY"] = "passive"
    if source is not None:
        folders = [source / "server", source / "index", ROOT]
        env["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.busy", str(model), "--way", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        cwd=ROOT,
    )
    with process:
        yield Way(name, process)


@contextmanager
def before_fast() -> Iterator[Path | None]:
    """The tag's sources in a folder of their own; None where this is no checkout that has it."""
    archive = subprocess.run(
        ["git", "-C", ROOT, "archive", TAG, "server/sidelong", "index"], capture_output=True
    )
    if archive.returncode:
        print(f"without the tag {TAG}: {archive.stderr.decode().strip()}")
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


@contextmanager
def busy_loops(n: int) -> Iterator[None]:
    """Other programs that never rest."""
    loops = [subprocess.Popen([sys.executable, "-c", _BUSY_LOOP]) for _ in range(n)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def take_turns(ways: Sequence[Way], rounds: int, adapting: int, *, busy: bool) -> None:
    """Note the seconds of each way in each round, which begins with another way each time."""
    for n in range(adapting + rounds):
        first = n % len(ways)
        for each in (*ways[first:], *ways[:first]):
            seconds, threads = each.run()
            load = "busy" if busy else "idle"
            print(f"{load} {each.name}: {seconds:.2f} s, {threads} threads", file=sys.stderr)
            if n >= adapting:
                (each.busy_s if busy else each.idle_s).append(seconds)
                if busy:
                    each.threads.append(threads)


def results(ways: Mapping[str, Way]) -> Iterator[Result]:
    product = ways["fewer"]
    for name, each in ways.items():
        idle, busy = statistics.median(each.idle_s), statistics.median(each.busy_s)
        counts = {
            "idle_ms": 1000 * idle,
            "busy_ms": 1000 * busy,
            "threads_while_busy": statistics.median(each.threads),
            "rounds": len(each.busy_s),
        }
        suffix = "" if each is product else f"_{name}"
        yield Result(f"busy_over_idle{suffix}", busy / idle, "x", "the same when idle", counts)
    if "before" in ways:
        before = ways["before"]
        for moment in ("idle", "busy"):
            ours, theirs = getattr(product, f"{moment}_s"), getattr(before, f"{moment}_s")
            yield Result(
                f"{moment}_over_before", ratio(ours, theirs), "x", f"the engine at {TAG}, {moment}"
            )


def measure(run: Program) -> Iterator[Result]:
    rounds, adapting = run.times(ROUNDS, 1), 0 if run.short else ADAPTING
    with ExitStack() as stack:
        # As it was, a pass beside busy loops takes a minute: too long to see that this works.
        source = None if run.short else stack.enter_context(before_fast())
        named = ["passive", "brief", "fewer"]
        named = ["before", *named] if source else named
        ways = [
            stack.enter_context(way(name, run.model, source if name == "before" else None))
            for name in named
        ]
        take_turns(ways, 0, 1, busy=False)
        take_turns(ways, rounds, adapting, busy=False)
        with busy_loops(os.cpu_count() or 1):
            take_turns(ways, rounds, adapting, busy=True)
        yield from results({each.name: each for each in ways})


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.busy", __doc__, arguments, ("--way", "the process of one way"))
    if run.options.way:
        serve(run.model, run.options.way)
    else:
        run.leave(*measure(run))


if __name__ == "__main__":
    main()
