"""Watching: changes are seen at once, ignored folders take no watches, and nothing ends it."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.index.patience import PATIENCE_S, finds, soon

from sidelong_index import Index, select_files
from sidelong_index.watch import watcher as watcher_module

Plant = Callable[[Mapping[str, str]], Path]
Watch = Callable[..., Index]

linux = pytest.mark.skipif(sys.platform != "linux", reason="watches are counted in /proc")


@pytest.fixture
def watch(root: Path) -> Iterator[Watch]:
    """Starts indexes that watch the root."""
    started: list[Index] = []

    def watch(**options: Any) -> Index:
        index = Index(root, **options)
        started.append(index)
        index.start()
        assert index.wait(PATIENCE_S)
        return index

    yield watch
    for index in started:
        index.stop()


def inotify_fds() -> list[int]:
    fds = [int(link.name) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [fd for fd in fds if "inotify" in str(Path(f"/proc/self/fd/{fd}").readlink())]


def watches() -> int:
    """The inotify watches of this process."""
    infos = [Path(f"/proc/self/fdinfo/{fd}").read_text() for fd in inotify_fds()]
    return sum(info.count("inotify wd:") for info in infos)


def test_changes_are_seen_by_watching(plant: Plant, watch: Watch) -> None:
    root = plant({"a.py": "one\n", "sub/b.py": "two\n"})
    index = watch()
    plant({"c.py": "zebra\n"})
    assert soon(lambda: finds(index, "zebra") == ["c.py"])
    plant({"a.py": "okapi\n"})
    assert soon(lambda: finds(index, "okapi") == ["a.py"])
    (root / "c.py").rename(root / "sub" / "d.py")
    assert soon(lambda: finds(index, "zebra") == ["sub/d.py"])
    (root / "sub").rename(root / "moved")
    assert soon(lambda: set(index.snapshot.paths()) == {"a.py", "moved/b.py", "moved/d.py"})
    (root / "moved" / "b.py").unlink()
    assert soon(lambda: set(index.snapshot.paths()) == {"a.py", "moved/d.py"})
    plant({"deep/er/e.py": "gnu\n"})
    assert soon(lambda: finds(index, "gnu") == ["deep/er/e.py"])
    plant({".gitignore": "deep/\n"})
    assert soon(lambda: set(index.snapshot.paths()) == {".gitignore", "a.py", "moved/d.py"})


@linux
def test_ignored_folders_take_no_watches(plant: Plant, watch: Watch) -> None:
    ignored = {f"{top}/{i}/x.py": "" for top in ("node_modules", "out", ".git") for i in range(9)}
    plant({".gitignore": "out/\n", "a.py": "", "src/b.py": "", **ignored})
    before = watches()
    index = watch()
    assert watches() - before == 2, "the root and src"
    assert (index.coverage.folders, index.coverage.watched) == (2, 2)
    index.stop()
    assert watches() == before


@linux
def test_a_folder_that_becomes_ignored_gives_its_watches_back(plant: Plant, watch: Watch) -> None:
    plant({"src/a.py": "", "data/1/a.py": "", "data/2/a.py": ""})
    before = watches()
    index = watch()
    assert watches() - before == 5
    index.set_exclude(["data/"])
    assert index.wait(PATIENCE_S)
    assert watches() - before == 2


def test_a_folder_moved_in_is_read_with_all_below(
    plant: Plant, watch: Watch, tmp_path: Path
) -> None:
    root = plant({"a.py": ""})
    index = watch()
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "b.py").write_text("zebra\n")
    outside.rename(root / "inside")
    assert soon(lambda: finds(index, "zebra") == ["inside/deep/b.py"])
    plant({"inside/deep/c.py": "okapi\n"})
    assert soon(lambda: finds(index, "okapi") == ["inside/deep/c.py"])


def test_a_folder_moved_out_and_replaced_by_a_namesake_ends_nothing(
    plant: Plant, watch: Watch, tmp_path: Path
) -> None:
    root = plant({"a.py": "", "lib/deep/b.py": ""})
    index = watch(cache_dir=tmp_path / "cache")
    (root / "lib").rename(tmp_path / "elsewhere")
    plant({"lib/deep/c.py": "zebra\n"})
    assert soon(lambda: finds(index, "zebra") == ["lib/deep/c.py"])
    (root / "lib").rename(root / "library")
    assert soon(lambda: finds(index, "zebra") == ["library/deep/c.py"])
    shutil.rmtree(tmp_path / "elsewhere")
    plant({"library/deep/c.py": "okapi\n", "library/new.py": "okapi\n"})
    assert soon(lambda: set(finds(index, "okapi")) == {"library/deep/c.py", "library/new.py"})
    index.stop()
    again = watch(cache_dir=tmp_path / "cache")
    assert (again.files_chunked, set(finds(again, "okapi"))) == (
        0,
        {"library/deep/c.py", "library/new.py"},
    )


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_moves_ends_with_the_files_on_disk(
    plant: Plant, watch: Watch, tmp_path: Path, seed: int
) -> None:
    root, outside = plant({".gitignore": "out/\n"}), tmp_path / "outside"
    outside.mkdir()
    index, random = watch(), Random(seed)
    for i in range(150):
        folders = [root, outside, *(path for path in tmp_path.rglob("[xyz]"))]
        here, there = random.choice(folders), random.choice(folders)
        with contextlib.suppress(OSError):
            if i % 3 == 0:
                (here / random.choice(["x", "y", "z", "out"])).mkdir()
            elif i % 3 == 1:
                (here / random.choice(["a.py", "b.py"])).write_text(f"word{i}\n")
            elif i % 10 == 0:
                shutil.rmtree(here / random.choice("xyz"))
            else:
                (here / random.choice("xyz")).rename(there / random.choice("xyz"))
        if i % 20 == 0:
            time.sleep(0.4)  # until what was seen so far is watched
    assert soon(lambda: set(index.snapshot.paths()) == set(select_files(root)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a watched folder from going")
@pytest.mark.parametrize("farewell", ["moved", "deleted"])
def test_a_root_that_was_replaced_is_watched_again(
    plant: Plant, watch: Watch, tmp_path: Path, farewell: str
) -> None:
    root = plant({"a.py": "old\n", "src/b.py": "old\n"})
    index = watch()
    if farewell == "moved":
        root.rename(tmp_path / "elsewhere")
    else:
        shutil.rmtree(root)
    root.mkdir()
    plant({"src/c.py": "zebra\n"})
    assert soon(lambda: index.snapshot.paths() == ["src/c.py"])
    plant({"src/d.py": "okapi\n"})
    assert soon(lambda: finds(index, "okapi") == ["src/d.py"])


def test_a_root_that_comes_later_is_watched(root: Path, plant: Plant) -> None:
    root.rmdir()
    index = Index(root)
    index.start()
    assert index.wait(PATIENCE_S)
    plant({"a.py": "zebra\n"})
    assert soon(lambda: finds(index, "zebra") == ["a.py"])
    index.stop()


@linux
def test_watching_that_has_ended_begins_again(
    plant: Plant,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(watcher_module, "RESTART_AFTER_S", 0.0)
    before = inotify_fds()
    plant({"a.py": ""})
    index = watch()
    (fd,) = set(inotify_fds()) - set(before)
    folder = os.open("/", os.O_RDONLY)
    os.dup2(folder, fd)
    os.close(folder)
    plant({"b.py": "zebra\n"})
    assert soon(lambda: finds(index, "zebra") == ["b.py"])
    assert "it begins again soon" in caplog.text
    plant({"b.py": "okapi\n"})
    assert soon(lambda: finds(index, "okapi") == ["b.py"])


@linux
def test_more_events_than_the_system_keeps_are_noticed(root: Path) -> None:
    from sidelong_index.watch.inotify import FolderWatches

    go_on = threading.Event()

    def hint(path: str) -> None:
        go_on.wait(PATIENCE_S)

    watches = FolderWatches(root, hint)
    watches.add("")
    kept = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    names = root / "a.py", root / "b.py"
    names[0].touch()
    for i in range(kept):
        names[i % 2].rename(names[(i + 1) % 2])
    assert watches.is_sound
    go_on.set()
    assert soon(lambda: not watches.is_sound)
    watches.stop()


def test_nothing_is_said_to_be_wrong_when_all_is_well(
    plant: Plant, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    plant({"a.py": "x\n"})
    told: list[str] = []
    with caplog.at_level(logging.INFO):
        watch(on_warning=told.append).stop()
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert told == []


def test_an_index_that_stopped_hears_nothing(plant: Plant, watch: Watch) -> None:
    index = watch()
    index.stop()
    index.stop()
    plant({"a.py": "zebra\n"})
    assert finds(index, "zebra") == []
