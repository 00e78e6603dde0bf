"""One watch for a whole tree, as on macOS and Windows; watchdog runs here on what there is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sidelong_index.watch.tree import TreeWatch

Plant = Callable[[Mapping[str, str]], Path]


class Hints:
    """The paths hinted at so far."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paths: set[str] = set()

    def add(self, path: str) -> None:
        with self._changed:
            self._paths.add(path)
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
def watched(plant: Plant, hints: Hints) -> Iterator[TreeWatch]:
    root = plant({"a.py": "x\n", "b.py": "x\n", "sub/c.py": "x\n", "node_modules/d.js": "x\n"})
    watched = TreeWatch(root, hints.add)
    yield watched
    watched.stop()


def test_every_kind_of_change_is_hinted_at(plant: Plant, watched: TreeWatch, hints: Hints) -> None:
    root = plant({"new.py": "x\n", "a.py": "other\n"})
    (root / "b.py").unlink()
    (root / "sub" / "c.py").rename(root / "sub" / "e.py")
    for path in ("new.py", "a.py", "b.py", "sub/c.py", "sub/e.py"):
        assert hints.wait_for(path), path


def test_noisy_folders_and_reading_are_not_heard(
    plant: Plant, watched: TreeWatch, hints: Hints
) -> None:
    root = plant({"node_modules/d.js": "other\n"})
    (root / "a.py").read_text()
    plant({"last.py": ""})
    assert hints.wait_for("last.py")
    assert hints.all() == {"last.py"}


def test_all_folders_are_watched(watched: TreeWatch) -> None:
    watched.add("sub")
    watched.retain([])
    watched.shrink(0)
    assert "sub" in watched
    assert len(watched) == 1


def test_it_ends_once_and_tells(watched: TreeWatch) -> None:
    assert watched.is_sound
    watched.stop()
    watched.stop()
    assert not watched.is_sound


def test_a_failure_in_watchdog_does_not_keep_it_from_ending(
    watched: TreeWatch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (emitter,) = watched._observer.emitters
    stop = emitter.on_thread_stop

    def fail() -> None:
        stop()
        raise KeyError("as inotify did")

    monkeypatch.setattr(emitter, "on_thread_stop", fail)
    watched.stop()
    assert "did not stop as it should" in caplog.text
