"""The index as a running thing: real threads, a real disk, a real watcher."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from tests.index.patience import PATIENCE_S, finds, soon

from sidelong_index import Exclusion, Index, Progress, Reason, walk
from sidelong_index import timer as timer_module
from sidelong_index.ignores import Level
from sidelong_index.inbox import Inbox, Request

Plant = Callable[[Mapping[str, str]], Path]
Start = Callable[..., Index]


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """Starts indexes of the root; without a watcher unless asked for."""
    started: list[Index] = []

    def start(**options: Any) -> Index:
        index = Index(root, **{"watch": False, **options})
        started.append(index)
        index.start()
        assert index.wait(PATIENCE_S)
        return index

    yield start
    for index in started:
        index.stop()


def paths(index: Index) -> set[str]:
    return set(index.snapshot.paths())


def test_a_workspace_is_indexed_and_searched(plant: Plant, start: Start) -> None:
    root = plant({"pkg/zoo.py": "def zebra(okapi):\n    return okapi\n", "README.md": "a zebra\n"})
    index = start()
    hits = index.snapshot.search("zebra okapi", k=2)
    assert [(hit.path, hit.start_line, hit.end_line) for hit in hits] == [
        ("pkg/zoo.py", 1, 2),
        ("README.md", 1, 1),
    ]
    assert index.snapshot.root == root.resolve()
    assert finds(index, "nothing of it") == []


def test_the_disk_as_it_is_when_waiting_begins_is_in_the_snapshot(
    plant: Plant, start: Start
) -> None:
    root = plant({"a.py": "x\n", "b.py": "x\n"})
    index = start()
    plant({"a.py": "zebra\n", "c.py": "zebra\n"})
    (root / "b.py").rename(root / "d.py")
    assert index.wait(PATIENCE_S)
    assert paths(index) == {"a.py", "c.py", "d.py"}
    assert finds(index, "zebra") == ["a.py", "c.py"]


def test_unsaved_text_is_found_until_the_document_is_closed(plant: Plant, start: Start) -> None:
    plant({"a.py": "saved\n"})
    index = start()
    for typed in ("z", "ze", "zeb", "zebra"):
        index.open("a.py", f"{typed}\n")
    assert index.wait(PATIENCE_S)
    assert (finds(index, "zebra"), finds(index, "saved")) == (["a.py"], [])
    assert index.files_chunked == 2, "text that was overtaken is not cut"
    index.close("a.py")
    assert index.wait(PATIENCE_S)
    assert (finds(index, "zebra"), finds(index, "saved")) == ([], ["a.py"])


def test_unsaved_text_is_found_without_waiting(plant: Plant, start: Start) -> None:
    index = start()
    index.open("new.py", "zebra\n")
    assert soon(lambda: finds(index, "zebra") == ["new.py"])


def test_the_lines_around_the_cursor_are_not_found(start: Start) -> None:
    index = start()
    index.open("a.py", "zebra\n" * 5)
    assert index.wait(PATIENCE_S)
    assert index.snapshot.search("zebra", k=1, exclude=Exclusion("a.py", 1, 5)) == []


def test_new_patterns_count_at_once(plant: Plant, start: Start) -> None:
    plant({"a.py": "x\n", "data/b.csv": "x\n"})
    index = start(exclude=["*.py"])
    index.open("data/b.csv", "unsaved\n")
    index.set_exclude(["data/"])
    assert index.wait(PATIENCE_S)
    assert paths(index) == {"a.py"}
    index.set_exclude([])
    assert index.wait(PATIENCE_S)
    assert paths(index) == {"a.py", "data/b.csv"}
    assert finds(index, "unsaved") == ["data/b.csv"]


def test_what_is_left_out_has_a_reason(plant: Plant, start: Start) -> None:
    plant({".env": "", "a.py": "\0", "b.py": "x\n"})
    assert dict(start().skipped) == {".env": "secret name", "a.py": "binary"}


def test_progress_ends_with_ready(plant: Plant, start: Start) -> None:
    plant({f"{i}.py": f"word{i}\n" * 20_000 for i in range(5)})
    told: list[Progress] = []
    start(on_progress=told.append)
    assert told[-1] == Progress("ready", 5, 5, "")
    indexing = [p for p in told if p.phase == "index"]
    assert indexing
    assert all(0 < p.done < p.total and p.current.endswith(".py") for p in indexing)


def test_a_listener_that_fails_does_no_harm(
    plant: Plant, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plant({"a.py": "x\n"})
    assert paths(start(on_progress=lambda _: 1 // 0)) == {"a.py"}
    assert "Telling the progress failed" in caplog.text


def test_a_restart_uses_what_was_kept(plant: Plant, start: Start, tmp_path: Path) -> None:
    root = plant({f"{i}.py": f"word{i} zebra\n" for i in range(20)})
    first = start(cache_dir=tmp_path / "cache")
    assert first.files_chunked == 20
    first.stop()
    plant({"3.py": "changed\n", "new.py": "zebra\n"})
    (root / "4.py").unlink()

    second = start(cache_dir=tmp_path / "cache")
    assert second.files_chunked == 2
    assert paths(second) == paths(first) - {"4.py"} | {"new.py"}
    assert finds(second, "changed") == ["3.py"]
    second.stop()

    third = start(cache_dir=tmp_path / "cache")
    assert third.files_chunked == 0
    assert paths(third) == paths(second)
    assert third.snapshot.search("zebra", k=99) == second.snapshot.search("zebra", k=99)


def test_a_kept_index_obeys_patterns_that_are_new(
    plant: Plant, start: Start, tmp_path: Path
) -> None:
    plant({"a.py": "x\n", "b.py": "x\n"})
    start(cache_dir=tmp_path / "cache").stop()
    index = start(cache_dir=tmp_path / "cache", exclude=["b.py"])
    assert (paths(index), index.files_chunked) == ({"a.py"}, 0)


def test_a_kept_index_that_is_damaged_is_rebuilt(
    plant: Plant, start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plant({"a.py": "x\n"})
    start(cache_dir=tmp_path / "cache").stop()
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    index = start(cache_dir=tmp_path / "cache")
    assert (paths(index), index.files_chunked) == ({"a.py"}, 1)
    assert "will be rebuilt" in caplog.text


def test_unsaved_text_is_not_kept(plant: Plant, start: Start, tmp_path: Path) -> None:
    plant({"a.py": "x\n"})
    index = start(cache_dir=tmp_path / "cache")
    index.open("a.py", "hunter2\n")
    assert index.wait(PATIENCE_S)
    index.stop()
    again = start(cache_dir=tmp_path / "cache")
    assert (finds(again, "hunter2"), finds(again, "x")) == ([], ["a.py"])


def test_the_workspace_is_never_written_to(
    plant: Plant, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    root = plant({"a.py": "x\n"})
    before = {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]}
    start(cache_dir=root / ".cache").stop()
    assert {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]} == before
    assert "lies inside of it" in caplog.text


def test_a_disk_that_does_not_answer_holds_up_no_end(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root, answers, asked = plant({"zoo.py": "zebra\n"}), Event(), Event()
    walked = walk.Tree.walk

    def stalled(*arguments: Any) -> Any:
        asked.set()
        answers.wait(PATIENCE_S)
        return walked(*arguments)

    monkeypatch.setattr(walk.Tree, "walk", stalled)
    index = Index(root, watch=False)
    index.start()
    assert asked.wait(PATIENCE_S)
    index.stop(timeout=0.1)
    assert "has not ended within 0 s" in caplog.text
    answers.set()
    caplog.clear()
    index.stop()
    assert caplog.text == ""


def test_an_index_starts_and_stops_in_any_order(root: Path) -> None:
    never_started = Index(root)
    never_started.stop()
    never_started.start()
    never_started.stop()
    assert not never_started.wait(0)

    index = Index(root)
    index.start()
    index.start()
    index.stop()
    index.stop()
    index.open("a.py", "x\n")
    index.close("a.py")
    index.set_exclude([])
    assert not index.wait(None)


def test_stopping_does_not_wait_for_the_end_of_indexing(
    plant: Plant, start: Start, tmp_path: Path
) -> None:
    plant({f"{i}.py": f"word{i} = {i}\n" * 15_000 for i in range(12)})
    partial = Index(plant({}), cache_dir=tmp_path / "cache", watch=False)
    partial.start()
    assert soon(lambda: partial.snapshot.files > 0)
    partial.stop()
    done = partial.files_chunked
    assert 0 < done < 12
    rest = start(cache_dir=tmp_path / "cache")
    assert rest.files_chunked == 12 - done, "the next start goes on from there"


def test_stopping_does_not_wait_for_the_end_of_a_folder(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = plant({f"{i}.py": "" for i in range(300)} | {".gitignore": "*a*b*c\n" * 2000})
    judge, judged = walk._refuse_file, list[str]()

    def note(path: str, level: Level) -> Reason | None:
        judged.append(path)
        return judge(path, level)

    monkeypatch.setattr(walk, "_refuse_file", note)
    index = Index(root, watch=False, on_progress=lambda _: index._inbox.post_stop())
    index.start()
    index.wait(PATIENCE_S)  # It is stopped as soon as it reports anything.
    index.stop()
    assert len(judged) <= 1


def test_the_index_goes_on_after_an_error(
    plant: Plant, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timer_module, "_PAUSE_AFTER_ERROR_S", 0.0)
    index = start()
    plant({"a.py": "x\n"})
    with monkeypatch.context() as patch:
        patch.setattr("sidelong_index.segments._tidy", lambda parts: 1 // 0)
        assert not index.wait(0.5)
    assert index.wait(PATIENCE_S)
    assert paths(index) == {"a.py"}
    assert "goes on after an error" in caplog.text


def test_a_root_that_is_not_there_is_an_empty_index(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = Index(tmp_path / "nowhere", watch=False)
    index.start()
    assert index.wait(PATIENCE_S)
    assert index.snapshot.files == 0
    index.stop()
    assert "cannot be read" in caplog.text


def test_an_index_with_nothing_to_do_rests(
    plant: Plant, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[float] = []
    take = Inbox.take

    def count(inbox: Inbox, until_s: float) -> Request:
        rounds.append(until_s)
        return take(inbox, until_s)

    monkeypatch.setattr(Inbox, "take", count)
    plant({"a.py": "x\n"})
    start()
    time.sleep(0.5)
    assert len(rounds) < 10


def test_the_timer_finds_what_nobody_told(
    plant: Plant, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer_module, "SCAN_EVERY_S", 0.05)
    index = start()
    plant({"a.py": "zebra\n"})
    assert soon(lambda: finds(index, "zebra") == ["a.py"])


def test_readers_see_whole_states_while_files_change(plant: Plant, start: Start) -> None:
    plant({f"{i}.py": "state0\n" for i in range(10)})
    index = start()
    seen = set()
    for n in range(1, 6):
        plant({f"{i}.py": f"state{n}\n" for i in range(10)})
        ticket = index.wait(0)
        while not ticket:
            snapshot = index.snapshot
            counts = tuple(len(snapshot.search(f"state{i}", k=99)) for i in (n - 1, n))
            assert sum(counts) == 10, "no file is ever missing or there twice"
            seen.add(counts)
            ticket = index.wait(0.001)
    assert (0, 10) in seen or len(seen) == 1
