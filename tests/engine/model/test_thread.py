"""The worker: one thread, the newest request of a document wins, every request ends once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from sidelong.engine.model.protocol import Cancel, Stopped, Superseded
from sidelong.engine.model.thread import ModelThread
from sidelong.errors import ModelMissing


class Slow:
    """A value whose work goes on until it is stopped or let go."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        self.threads: set[int] = set()
        self.stopped = 0

    def work(self, cancel: Cancel) -> str:
        self.threads.add(threading.get_ident())
        self.started.set()
        while not self.release.wait(0.001):
            if cancel.is_set():
                self.stopped += 1
                raise Stopped
        return "done"


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def worker(slow: Slow) -> AsyncIterator[ModelThread[Slow]]:
    made = ModelThread(lambda: slow)
    yield made
    made.stop()


def work(value: Slow, cancel: Cancel) -> str:
    return value.work(cancel)


def quick(value: Slow, cancel: Cancel) -> str:
    value.threads.add(threading.get_ident())
    return "quick"


async def started(slow: Slow) -> None:
    assert await asyncio.to_thread(slow.started.wait, 10)


async def test_everything_runs_on_one_thread(worker: ModelThread[Slow], slow: Slow) -> None:
    assert [await worker.run(key, quick) for key in "aab"] == ["quick"] * 3
    assert len(slow.threads) == 1
    assert threading.get_ident() not in slow.threads


async def test_a_newer_request_of_the_document_stops_the_older_inside_its_work(
    worker: ModelThread[Slow], slow: Slow
) -> None:
    older = asyncio.create_task(worker.run("doc", work))
    await started(slow)
    assert await worker.run("doc", quick) == "quick"
    with pytest.raises(Superseded):
        await older
    assert slow.stopped == 1


async def test_another_document_waits_its_turn(worker: ModelThread[Slow], slow: Slow) -> None:
    first = asyncio.create_task(worker.run("one", work))
    await started(slow)
    second = asyncio.create_task(worker.run("two", quick))
    await asyncio.sleep(0)
    slow.release.set()
    assert [await first, await second] == ["done", "quick"]


async def test_cancelling_the_task_stops_the_work(worker: ModelThread[Slow], slow: Slow) -> None:
    task = asyncio.create_task(worker.run("doc", work))
    await started(slow)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await worker.run("doc", quick) == "quick"
    assert slow.stopped == 1


async def test_a_request_superseded_before_its_turn_is_never_started(
    worker: ModelThread[Slow], slow: Slow
) -> None:
    first = asyncio.create_task(worker.run("one", work))
    await started(slow)
    waiting = asyncio.create_task(worker.run("two", work))
    await asyncio.sleep(0)
    newest = asyncio.create_task(worker.run("two", quick))
    with pytest.raises(Superseded):
        await waiting
    slow.release.set()
    assert [await first, await newest] == ["done", "quick"]


async def test_an_error_is_the_askers_and_the_worker_goes_on(worker: ModelThread[Slow]) -> None:
    def fail(value: Slow, cancel: Cancel) -> str:
        raise ValueError("one bad request")

    with pytest.raises(ValueError, match="one bad request"):
        await worker.run("doc", fail)
    assert await worker.run("doc", quick) == "quick"


async def test_what_loading_raises_every_request_raises() -> None:
    def load() -> Slow:
        raise ModelMissing("There is no model file at x.gguf.")

    worker = ModelThread(load)
    for _ in range(2):
        with pytest.raises(ModelMissing):
            await worker.run("doc", quick)
    worker.stop()


async def test_stop_ends_what_runs_and_what_waits_and_can_be_repeated(slow: Slow) -> None:
    worker = ModelThread(lambda: slow)
    tasks = [asyncio.create_task(worker.run(key, work)) for key in "ab"]
    await started(slow)
    worker.stop()
    worker.stop()
    assert [type(e) for e in await asyncio.gather(*tasks, return_exceptions=True)] == [
        Superseded,
        Superseded,
    ]
    with pytest.raises(Superseded):
        await worker.run("a", quick)


async def test_a_retired_worker_does_what_was_asked_and_nothing_new(slow: Slow) -> None:
    worker = ModelThread(lambda: slow)
    asked = [asyncio.create_task(worker.run(key, work)) for key in "ab"]
    await started(slow)
    retiring = asyncio.create_task(asyncio.to_thread(worker.retire))
    while not worker._closing:
        await asyncio.sleep(0)
    with pytest.raises(Superseded):
        await worker.run("c", quick)
    slow.release.set()
    assert await asyncio.gather(*asked) == ["done", "done"]
    await retiring


async def test_stop_ends_what_a_retired_worker_still_does(slow: Slow) -> None:
    worker = ModelThread(lambda: slow)
    asked = asyncio.create_task(worker.run("a", work))
    await started(slow)
    retiring = asyncio.create_task(asyncio.to_thread(worker.retire))
    while not worker._closing:
        await asyncio.sleep(0)
    await asyncio.to_thread(worker.stop)
    await retiring
    with pytest.raises(Superseded):
        await asked


async def test_nobody_waits_for_a_value_that_is_not_wanted_any_more() -> None:
    loading, loaded = threading.Event(), threading.Event()

    def load() -> None:
        loading.set()
        loaded.wait(10)

    worker = ModelThread(load)
    asked = asyncio.create_task(worker.run("a", lambda value, cancel: "quick"))
    assert await asyncio.to_thread(loading.wait, 10)
    stopping = asyncio.create_task(asyncio.to_thread(worker.stop))
    with pytest.raises(Superseded):
        await asked
    loaded.set()
    await stopping


async def test_nobody_waits_for_what_does_not_load() -> None:
    answers, gone = threading.Event(), threading.Event()

    def load() -> Slow:
        answers.wait(60)
        return Slow()

    worker = ModelThread(load, lambda _value: gone.set())
    await asyncio.to_thread(worker.stop)
    with pytest.raises(Stopped):
        await worker.ready()
    assert not answers.is_set()
    answers.set()
    assert await asyncio.to_thread(gone.wait, 10), "it lets go of what it loads in the end"


# Unloading what nobody asks.

SOON_S = 0.02


class Loads:
    """Loads a value each time it is wanted, and notes what becomes of it."""

    def __init__(self) -> None:
        self.loaded = 0
        self.let_go = threading.Semaphore(0)
        self.error: Exception | None = None
        self.may_load, self.may_let_go = threading.Event(), threading.Event()
        self.may_load.set()
        self.may_let_go.set()
        self.letting_go = threading.Event()
        self.told: list[tuple[str, BaseException | None]] = []

    def load(self) -> Slow:
        self.may_load.wait(10)
        if self.error is not None:
            raise self.error
        self.loaded += 1
        return Slow()

    def end(self, _value: Slow) -> None:
        self.letting_go.set()
        self.may_let_go.wait(10)
        self.let_go.release()

    def tell(self, state: str, error: BaseException | None) -> None:
        self.told.append((state, error))

    def worker(self) -> ModelThread[Slow]:
        return ModelThread(self.load, self.end, self.tell)

    async def is_let_go(self) -> bool:
        return await asyncio.to_thread(self.let_go.acquire, timeout=10)

    async def is_told(self, *states: str) -> None:
        while [state for state, _ in self.told] != list(states):
            await asyncio.sleep(0.001)


@pytest.fixture
def loads() -> Loads:
    return Loads()


async def test_what_nobody_asks_is_let_go_and_the_next_call_loads_it_again(loads: Loads) -> None:
    worker = loads.worker()
    assert await worker.run("a", quick) == "quick"
    worker.unload_after(SOON_S)
    for n in range(1, 4):
        assert await loads.is_let_go()
        assert loads.loaded == n
        assert await worker.run("a", quick) == "quick"
    worker.stop()
    assert loads.loaded == 4
    assert loads.told[:3] == [("unloaded", None), ("loading", None), ("loaded", None)]
    assert await loads.is_let_go(), "it lets go of the last one at the end"


async def test_by_itself_it_is_kept(loads: Loads) -> None:
    worker = loads.worker()
    await worker.run("a", quick)
    await asyncio.sleep(5 * SOON_S)
    assert not loads.letting_go.is_set()
    worker.stop()


async def test_a_call_that_comes_while_it_is_let_go_is_answered(loads: Loads) -> None:
    loads.may_let_go.clear()
    worker = loads.worker()
    worker.unload_after(SOON_S)
    assert await asyncio.to_thread(loads.letting_go.wait, 10)
    asked = [asyncio.create_task(worker.run(key, quick)) for key in "ab"]
    await asyncio.sleep(SOON_S)
    assert not any(task.done() for task in asked)
    loads.may_let_go.set()
    assert await asyncio.gather(*asked) == ["quick", "quick"]
    worker.stop()


async def test_long_work_is_not_idleness(loads: Loads) -> None:
    worker = loads.worker()
    values: list[Slow] = []

    def long(value: Slow, cancel: Cancel) -> str:
        values.append(value)
        return value.work(cancel)

    worker.unload_after(SOON_S)
    task = asyncio.create_task(worker.run("a", long))
    while not values:
        await asyncio.sleep(0.001)
    await asyncio.sleep(5 * SOON_S)
    values[-1].release.set()
    assert await task == "done"
    worker.stop()


async def test_of_the_calls_that_wait_for_it_only_the_newest_of_a_document_is_done(
    loads: Loads,
) -> None:
    worker = loads.worker()
    worker.unload_after(SOON_S)
    assert await loads.is_let_go()
    loads.may_load.clear()
    ran: list[int] = []

    def note(n: int) -> asyncio.Task[None]:
        return asyncio.create_task(worker.run("doc", lambda _value, _cancel: ran.append(n)))

    asked = [note(n) for n in range(3)]
    await loads.is_told("unloaded", "loading")
    loads.may_load.set()
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(end) for end in ends] == [Superseded, Superseded, type(None)]
    assert ran == [2]
    worker.stop()


async def test_what_cannot_be_loaded_again_is_tried_for_the_next_call(loads: Loads) -> None:
    worker = loads.worker()
    worker.unload_after(SOON_S)
    assert await loads.is_let_go()
    loads.error = ModelMissing("There is no model file at x.gguf.")
    with pytest.raises(ModelMissing):
        await worker.run("a", quick)
    await loads.is_told("unloaded", "loading", "unloaded")
    assert loads.told[-1] == ("unloaded", loads.error)
    loads.error = None
    assert await worker.run("a", quick) == "quick"
    worker.stop()


async def test_nobody_waits_for_what_loads_again_once_it_is_not_wanted(loads: Loads) -> None:
    worker = loads.worker()
    worker.unload_after(SOON_S)
    assert await loads.is_let_go()
    loads.may_load.clear()
    asked = asyncio.create_task(worker.run("a", quick))
    await loads.is_told("unloaded", "loading")
    stopping = asyncio.create_task(asyncio.to_thread(worker.stop))
    with pytest.raises(Superseded):
        await asked
    loads.may_load.set()
    await stopping
    assert await loads.is_let_go(), "it lets go of what it loads in the end"


@pytest.mark.parametrize("end", [ModelThread.stop, ModelThread.retire])
async def test_it_ends_while_nothing_is_loaded(
    loads: Loads, end: Callable[[ModelThread[Slow]], None]
) -> None:
    worker = loads.worker()
    worker.unload_after(SOON_S)
    assert await loads.is_let_go()
    await asyncio.to_thread(end, worker)
    with pytest.raises(Superseded):
        await worker.run("a", quick)
    assert loads.loaded == 1


async def test_another_limit_counts_at_once(loads: Loads) -> None:
    worker = loads.worker()
    worker.unload_after(3600)
    await worker.run("a", quick)
    worker.unload_after(SOON_S)
    assert await loads.is_let_go()
    worker.unload_after(None)
    await worker.run("a", quick)
    loads.letting_go.clear()
    await asyncio.sleep(5 * SOON_S)
    assert not loads.letting_go.is_set()
    worker.stop()
