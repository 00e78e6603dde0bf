"""The watch over the user's config file; tests over stdio show that a change is used."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from sidelong.lsp import config_watch
from sidelong.lsp.config_watch import ConfigWatch


async def test_it_ends_though_its_cancellation_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_watch, "EVERY_S", 0.01)
    file, told = tmp_path / "config.toml", asyncio.Event()

    async def changed() -> None:
        told.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)

    watch = ConfigWatch(file, changed)
    watch.start()
    file.write_text("maxLines = 1\n", encoding="utf-8")
    await told.wait()
    stopping = asyncio.create_task(watch.stop())
    done, _ = await asyncio.wait([stopping], timeout=30)
    assert done
