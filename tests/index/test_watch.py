"""The watcher hints at what changes, and its absence is bearable."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sidelong_index import watch as watch_module
from sidelong_index.watch import Watcher

Plant = Callable[[Mapping[str, str]], Path]


class Hints:
    """What was hinted at so far."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paths: list[str] = []
        self.is_ready = threading.Event()

    def add(self, path: str) -> None:
        with self._changed:
            self._paths.append(path)
            self._changed.notify_all()

    def wait_for(self, path: str) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: path in self._paths, 20)

    def all(self) -> set[str]:
        with self._changed:
            return set(self._paths)


@pytest.fixture
def hints() -> Hints:
    return Hints()


@pytest.fixture
def watcher(root: Path, hints: Hints) -> Iterator[Watcher]:
    watcher = Watcher(root, on_hint=hints.add, on_ready=hints.is_ready.set)
    yield watcher
    watcher.stop()


def test_every_kind_of_change_is_hinted_at(plant: Plant, watcher: Watcher, hints: Hints) -> None:
    root = plant({"a.py": "x\n", "b.py": "x\n", "c.py": "x\n"})
    watcher.start()
    assert hints.is_ready.wait(20)
    plant({"new.py": "x\n", "sub/deep.py": "x\n"})
    plant({"a.py": "other\n"})
    (root / "b.py").unlink()
    (root / "c.py").rename(root / "d.py")
    for path in ("new.py", "sub/deep.py", "a.py", "b.py", "c.py", "d.py"):
        assert hints.wait_for(path), path


def test_noisy_folders_are_not_heard(plant: Plant, watcher: Watcher, hints: Hints) -> None:
    plant({"x.py": ""})
    watcher.start()
    assert hints.is_ready.wait(20)
    plant({".git/index": "", "node_modules/a/b.js": "", "sub/__pycache__/a.pyc": ""})
    plant({"last.py": ""})
    assert hints.wait_for("last.py")
    assert hints.all() <= {"last.py", "sub"}


def test_reading_files_is_no_change(plant: Plant, watcher: Watcher, hints: Hints) -> None:
    root = plant({"a.py": "x\n"})
    watcher.start()
    assert hints.is_ready.wait(20)
    (root / "a.py").read_text()
    plant({"last.py": ""})
    assert hints.wait_for("last.py")
    assert hints.all() == {"last.py"}


def test_nothing_is_hinted_at_after_stopping(plant: Plant, watcher: Watcher, hints: Hints) -> None:
    watcher.start()
    watcher.stop()
    watcher.stop()
    plant({"a.py": ""})
    assert hints.all() == set()


def test_a_watcher_that_never_started_can_be_stopped(watcher: Watcher) -> None:
    watcher.stop()


def test_a_limit_of_the_system_is_said_with_its_remedy(
    watcher: Watcher,
    hints: Hints,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Exhausted:
        def schedule(self, *_: Any, **__: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(watch_module, "Observer", Exhausted)
    watcher.start()
    watcher.stop()
    assert not hints.is_ready.is_set()
    (record,) = caplog.records
    assert "with a delay" in record.getMessage()
    assert "fs.inotify.max_user_watches" in record.getMessage()
