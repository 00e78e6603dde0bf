"""Independent jobs over the processes of this machine, or over a Ray cluster, in their order.

What a job is, and what becomes of its result, is the stage's. Ray comes with the extra
`distributed`; it reads `RAY_ADDRESS`, and without one starts on this machine.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence, Sized
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Part = TypeVar("Part", bound=Sized)


@dataclass(frozen=True)
class Workers:
    """Where jobs run."""

    processes: int
    ray: bool = False

    def run(self, work: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
        """The result of every job, in the order of the jobs, each as soon as it can be had.

        Raises `BrokenProcessPool` if a process dies, as for want of memory.
        """
        if self.ray:
            yield from _over_ray(work, jobs, self.processes)
            return
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            self.processes, mp_context=spawn, initializer=_end_with_parent
        ) as pool:
            yield from pool.map(work, jobs)


def _end_with_parent() -> None:
    """End this process when its parent is gone: a killed one tells its workers nothing."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def collect(
    args: argparse.Namespace, work: Callable[[Job], tuple[str, Part]], jobs: Sequence[Job]
) -> list[Part]:
    """Each package's part of what a stage makes, its name and length printed as it comes."""
    made = []
    for name, part in of(args).run(work, jobs):
        made.append(part)
        print(f"{name}: {len(part)}", flush=True)
    return made


def _over_ray(
    work: Callable[[Job], Result], jobs: Sequence[Job], processes: int
) -> Iterator[Result]:
    """Ray Data streams rows of plain bytes: what a job and its result are is none of its business.

    `processes` is how many jobs run at once in the whole cluster.
    """
    import ray

    def one(row: dict[str, Any]) -> dict[str, Any]:
        return {"result": pickle.dumps(work(pickle.loads(row["job"])))}

    here = {} if "RAY_ADDRESS" in os.environ else {"num_cpus": processes}
    ray.init(include_dashboard=False, logging_level="warning", **here)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        packed = [{"job": pickle.dumps(job)} for job in jobs]
        rows = ray.data.from_items(packed, override_num_blocks=max(1, len(jobs)))
        for row in rows.map(one, concurrency=processes).iter_rows():
            yield pickle.loads(row["result"])
    finally:
        ray.shutdown()


def main(module: str) -> None:
    """Run a program under its module's name, so that workers find there what they are sent."""
    importlib.import_module(module).main()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where jobs run."""
    parser.add_argument("--processes", type=int, default=2, help="jobs at once")
    parser.add_argument("--ray", action="store_true", help="over a Ray cluster (RAY_ADDRESS)")


def of(args: argparse.Namespace) -> Workers:
    return Workers(args.processes, args.ray)
