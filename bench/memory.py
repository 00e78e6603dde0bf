"""The memory of an idle server, over its bound; of three windows together; and without its model.

`sidelong serve` runs as a process on a package, without a request, until its model is ready and
the package is indexed. The weights are mapped from the file, so windows share them.
The last figure is of a server that has answered a request, before and after it freed its model.

    python -m bench.memory [GGUF]
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
from bench.editor import serving
from bench.program import Program, Result, program
from bench.sources import package

WINDOWS = 3
UNLOAD_AFTER_MINUTES = 0.05
FILE_SHARE, OTHER_BYTES = 1.15, 60_000_000
"""The bound: the model's file and a bit, and everything else."""


def resident(process: psutil.Process) -> int:
    """Bytes in memory, those shared with others included."""
    return int(process.memory_info().rss)


def proportional(process: psutil.Process) -> int | None:
    """Bytes in memory, a page that n processes share counted as an nth; None but on Linux."""
    return mapped(process.pid, "Pss")


def mapped(pid: int, field: str) -> int | None:
    """Bytes of a field of Linux's sum over a process's mappings; None elsewhere."""
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.exists():
        return None
    lines = dict(line.split(":", 1) for line in rollup.read_text("utf-8").splitlines()[1:])
    return 1024 * int(lines[field].split()[0])


async def weigh(run: Program, windows: int) -> tuple[int, list[int | None]]:
    """Resident bytes of one server alone, and the proportional ones of all that then run."""
    root = package().root
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(run.model, root))
        alone = resident(first.process)
        others = [
            await stack.enter_async_context(serving(run.model, root)) for _ in range(windows - 1)
        ]
        return alone, [proportional(each.process) for each in (first, *others)]


async def weigh_unloaded(run: Program) -> tuple[int, int]:
    """Resident bytes of a server that has completed, before and after it freed the model."""
    source = package()
    settings = {"model": {"unloadAfterMinutes": UNLOAD_AFTER_MINUTES}}
    async with serving(run.model, source.root, settings=settings) as editor:
        path = source.root / source.longest(1)[0]
        text = source.files[source.longest(1)[0]]
        editor.show(path, text)
        await editor.ask(path, text, len(text) // 2)
        loaded = resident(editor.process)
        await editor.unloaded()
        return loaded, resident(editor.process)


def results(run: Program) -> Iterator[Result]:
    alone, together = asyncio.run(weigh(run, 1 if run.short else WINDOWS))
    size = run.model.stat().st_size
    bound = FILE_SHARE * size + OTHER_BYTES
    counts = {"rss_mb": alone / 1e6, "file_mb": size / 1e6}
    yield Result("rss_over_file", alone / bound, "x", "1.15 x file + 60 MB", counts)
    shares = [share for share in together if share is not None]
    if len(shares) == WINDOWS:
        yield Result(
            "three_windows_over_one",
            sum(shares) / alone,
            "x",
            "the resident memory of one",
            {"pss_mb": sum(shares) / 1e6},
        )
    loaded, unloaded = asyncio.run(weigh_unloaded(run))
    counts = {"loaded_mb": loaded / 1e6, "unloaded_mb": unloaded / 1e6}
    yield Result("unloaded_over_loaded", unloaded / loaded, "x", "before it freed it", counts)


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.memory", __doc__, arguments)
    run.leave(*results(run))


if __name__ == "__main__":
    main()
