"""The real engine: a completer on a worker thread."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from sidelong.engine.completer import Completer
from sidelong.engine.engine import ModelEngine
from sidelong.engine.model.protocol import Cancel, Stopped, Superseded
from sidelong.settings import UserSettings


async def test_nobody_waits_for_a_model_that_is_not_wanted_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = threading.Event()
    noticed: list[Cancel] = []

    def load(_user: UserSettings, cancel: Cancel, *, fresh_s: float, remote: bool) -> Completer:
        # As long as it takes, like a file of gigabytes: the shipped one is too small to tell.
        assert fresh_s > 0
        assert remote
        begun.set()
        for _ in range(5_000):
            if cancel.is_set():
                noticed.append(cancel)
                raise Stopped
            time.sleep(0.001)
        raise TimeoutError

    monkeypatch.setattr("sidelong.engine.engine.load_completer", load)
    engine = ModelEngine(UserSettings())
    ready = asyncio.create_task(engine.ready())
    assert await asyncio.to_thread(begun.wait, 10)
    await engine.stop()
    with pytest.raises(Superseded):
        await ready
    assert noticed


async def test_an_engine_says_who_completes(default_model: Path) -> None:
    engine = ModelEngine(UserSettings(threads=1, shipped=default_model))
    try:
        assert await engine.ready() == "nano.gguf"
    finally:
        await engine.stop()
