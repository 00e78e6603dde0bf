"""Whatever happens to files and documents, the index ends as if it were built from nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.index.counting import count_calls
from tests.index.disk import PATHS, TEXTS, Disk

from sidelong_index import Snapshot, build
from sidelong_index.chunk import DEFAULT
from sidelong_index.rules import Skipped
from sidelong_index.store import load, save
from sidelong_index.walk import RootError, Tree
from sidelong_index.writer import Writer

Plant = Callable[[Mapping[str, str]], Path]
Contents = Callable[[Snapshot], set[tuple[str, int, int, str, str]]]

QUERIES = ["alpha beta", "def f return x", "gamma", "class A", "1 2 3"]


def settle(writer: Writer, later_s: int = 0) -> Snapshot:
    """Scan, and do all there is to do, with a clock that may be ahead."""
    assert writer.scan()
    while writer.is_busy:
        writer.step(time.time_ns() + later_s * 10**9)
    return writer.snapshot()


def texts(snapshot: Snapshot) -> dict[str, str]:
    """The indexed files and what is in them."""
    return {
        path: "\n".join(part.segment.lines(part.segment.positions[path]))
        for part in snapshot.parts
        for path in part.paths()
    }


class Story(Disk):
    """A writer and what happens around it."""

    def __init__(self, root: Path, cache: Path) -> None:
        super().__init__(root)
        self.cache = cache
        self.writer = Writer(root)
        self.open_documents: dict[str, str] = {}
        self.exclude: list[str] = []

    def open(self, path: str, text: str) -> None:
        self.open_documents[path] = text
        self.writer.open(path, text)

    def close(self, path: str, _: str) -> None:
        self.open_documents.pop(path, None)
        self.writer.close(path)

    def set_exclude(self, path: str, text: str) -> None:
        self.exclude = [[], ["*.py"], ["d/"], [path]][len(text) % 4]
        self.writer.set_exclude(self.exclude)

    def hint(self, path: str, _: str) -> None:
        self.writer.hint([path])

    def scan(self, _: str, __: str) -> None:
        assert self.writer.scan()

    def step(self, _: str, __: str) -> None:
        self.writer.step(time.time_ns())

    def restart(self, _: str, __: str) -> None:
        assert save(self.cache, self.writer.kept(), self.root, DEFAULT)
        kept = load(self.cache, self.root, DEFAULT)
        assert kept is not None
        self.writer = Writer(self.root, self.exclude, kept=kept)
        for path, text in self.open_documents.items():
            self.writer.open(path, text)

    def from_nothing(self) -> Writer:
        writer = Writer(self.root, self.exclude)
        for path, text in self.open_documents.items():
            writer.open(path, text)
        return writer

    def expected(self) -> dict[str, str]:
        """The files to be indexed, straight from the definition."""
        tree = Tree(self.root, self.exclude)
        on_disk = {
            path: (self.root / path).read_text(encoding="utf-8")
            for file in self.root.rglob("*")
            if file.is_file()
            for path in [file.relative_to(self.root).as_posix()]
        }
        shown = {p: t for p, t in {**on_disk, **self.open_documents}.items() if "\0" not in t}
        return {p: t.removesuffix("\n") for p, t in shown.items() if tree.refuse(p) is None}


DEEDS = [
    "write", "write", "write", "delete", "rename", "open", "open", "close", "close", "ignore",
    "set_exclude", "hint", "hint", "scan", "step", "step", "restart",
]  # fmt: skip


@settings(deadline=None, max_examples=300, derandomize=True)
@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(DEEDS), st.sampled_from(PATHS), st.sampled_from(TEXTS)),
        max_size=25,
    )
)
def test_any_sequence_of_changes_ends_as_if_built_from_nothing(
    deeds: list[tuple[str, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root").resolve()
        root.mkdir()
        story = Story(root, Path(folder, "cache"))
        for deed, path, text in deeds:
            getattr(story, deed)(path, text)
        ours, fresh = settle(story.writer), settle(story.from_nothing())
        expected = story.expected()
        assert texts(ours) == expected
        assert texts(fresh) == expected
        built = build((path, f"{text}\n" if text else "") for path, text in expected.items())
        assert ours.chunks == fresh.chunks == built.chunks
        for query in QUERIES:
            hits = built.search(query, k=4)
            assert ours.search(query, k=4) == hits
            assert fresh.search(query, k=4) == hits


@pytest.fixture
def writer(root: Path) -> Writer:
    return Writer(root)


def test_an_edit_costs_the_file_that_was_edited(plant: Plant, writer: Writer) -> None:
    plant({f"f{i}.py": f"x{i}\n" for i in range(50)})
    settle(writer)
    assert writer.files_chunked == 50
    plant({"f7.py": "y\n"})
    assert texts(settle(writer))["f7.py"] == "y"
    assert writer.files_chunked == 51


def test_a_file_touched_without_a_change_is_not_cut_again(plant: Plant, writer: Writer) -> None:
    root = plant({"a.py": "x\n"})
    settle(writer)
    os.utime(root / "a.py", (1, 1))
    settle(writer)
    assert writer.files_chunked == 1


def test_a_second_write_within_one_tick_of_the_clock_is_seen(plant: Plant, writer: Writer) -> None:
    root = plant({"a.py": "one\n"})
    settle(writer)
    found = (root / "a.py").stat()
    plant({"a.py": "two\n"})
    os.utime(root / "a.py", ns=(found.st_atime_ns, found.st_mtime_ns))
    assert texts(settle(writer)) == {"a.py": "two"}


def test_an_open_document_shadows_its_file_until_it_is_closed(plant: Plant, writer: Writer) -> None:
    plant({"a.py": "on disk\n"})
    writer.open("a.py", "unsaved\n")
    assert texts(settle(writer)) == {"a.py": "unsaved"}
    plant({"a.py": "changed on disk\n"})
    assert texts(settle(writer)) == {"a.py": "unsaved"}
    writer.close("a.py")
    assert texts(settle(writer)) == {"a.py": "changed on disk"}


def test_a_document_that_was_never_saved_is_gone_when_it_is_closed(
    root: Path, writer: Writer
) -> None:
    writer.open("new.py", "unsaved\n")
    assert texts(settle(writer)) == {"new.py": "unsaved"}
    writer.close("new.py")
    assert texts(settle(writer)) == {}
    writer.close("new.py")
    writer.close("never opened")


@pytest.mark.parametrize("path", [".env", "out/a.py", "../up.py", "/abs.py"])
def test_what_must_not_be_indexed_does_not_come_in_by_the_editor(
    plant: Plant, writer: Writer, path: str
) -> None:
    plant({".gitignore": "out/\n"})
    writer.open(path, "password\n")
    assert set(texts(settle(writer))) == {".gitignore"}


def test_a_document_that_turns_into_a_secret_leaves_the_index(root: Path, writer: Writer) -> None:
    writer.open("a.py", "x\n")
    assert set(texts(settle(writer))) == {"a.py"}
    writer.open("a.py", "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEAtest\n")
    assert texts(settle(writer)) == {}


def test_a_hint_brings_a_change_in_without_a_scan(plant: Plant, writer: Writer) -> None:
    root = plant({"a.py": "one\n", ".gitignore": "*.log\n", "x.log": ""})
    settle(writer)
    plant({"a.py": "other\n"})
    assert writer.hint(["a.py"])
    writer.step(time.time_ns())
    assert texts(writer.snapshot())["a.py"] == "other"
    (root / "a.py").unlink()
    assert writer.hint(["a.py"])
    writer.step(time.time_ns())
    assert set(texts(writer.snapshot())) == {".gitignore"}


def test_hints_about_ignored_files_are_not_worth_a_scan(plant: Plant, writer: Writer) -> None:
    plant({".gitignore": "*.log\nout/\n"})
    settle(writer)
    assert not writer.hint(["x.log", "out/y.py", "out/sub"])
    assert not writer.is_busy


def test_no_hint_is_looked_at_once_somebody_gives_up(root: Path) -> None:
    for folder in ("a", "b"):
        for i in range(100):
            (root / folder / f"{i}").mkdir(parents=True)
    entered: list[str] = []
    writer = Writer(root, on_enter=entered.append)
    writer.hint(["a", "b", "c"], lambda: len(entered) < 10)
    assert 5 < len(entered) <= 10


def test_hints_below_each_other_cost_no_more_than_their_number(plant: Plant, root: Path) -> None:
    """A build that makes nested folders, and their end, hint at each folder and each file."""
    entered: list[str] = []
    writer = Writer(root, on_enter=entered.append)
    folders = ["d" + "/d" * depth for depth in range(60)]
    hints = [path for folder in folders for path in (folder, f"{folder}/a.py")]
    plant({f"{folder}/a.py": "zebra\n" for folder in folders})
    assert writer.hint(hints)
    assert entered == folders, "each is listed once"
    assert len(texts(settle(writer))) == 60

    shutil.rmtree(root / "d")
    few = count_calls(lambda: writer.hint(hints[:40]))
    all_of_them = count_calls(lambda: writer.hint(hints))
    assert all_of_them < 6 * few, "thrice the hints, thrice as deep: no nine or 27 times"
    assert texts(settle(writer)) == {}


def test_a_root_that_cannot_be_read_keeps_what_is_known(
    plant: Plant, writer: Writer, tmp_path: Path
) -> None:
    root = plant({"a.py": "x\n"})
    settle(writer)
    root.rename(tmp_path / "away")
    with pytest.raises(RootError):
        writer.scan()
    assert not writer.is_busy
    assert texts(writer.snapshot()) == {"a.py": "x"}


def test_files_left_out_are_read_once_and_have_a_reason(plant: Plant, writer: Writer) -> None:
    plant({"a.py": "\0", ".env": "", "b.py": "x\n"})
    settle(writer)
    assert writer.skipped() == {"a.py": "binary", ".env": "secret name"}
    plant({"a.py": "text now\n"})
    settle(writer)
    assert writer.skipped() == {".env": "secret name"}


@pytest.mark.parametrize("restarted", [False, True])
def test_a_file_that_could_not_be_read_is_tried_again_at_the_next_scan(
    plant: Plant, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    root = plant({"a.py": "x\n"})
    with monkeypatch.context() as locked:
        locked.setattr(Tree, "read", lambda _tree, _path: Skipped("unreadable"))
        assert texts(settle(writer, later_s=60)) == {}
    assert writer.skipped() == {"a.py": "unreadable"}
    if restarted:
        assert save(tmp_path / "cache", writer.kept(), root, DEFAULT)
        writer = Writer(root, kept=load(tmp_path / "cache", root, DEFAULT))
    assert texts(settle(writer, later_s=60)) == {"a.py": "x"}
    assert writer.skipped() == {}


def test_what_is_kept_holds_no_unsaved_text(
    plant: Plant, writer: Writer, tmp_path: Path, contents: Contents
) -> None:
    root = plant({"a.py": "on disk\n", "b.py": "other\n"})
    settle(writer)
    writer.open("a.py", "unsaved hunter2\n")
    writer.open("new.py", "unsaved hunter2\n")
    settle(writer)
    kept = writer.kept()
    assert {path for part in kept.parts for path in part.segment.paths} == {"b.py"}
    assert set(kept.known) == {"b.py"}

    restarted = Writer(root, kept=kept)
    assert texts(settle(restarted)) == {"a.py": "on disk", "b.py": "other"}
    assert restarted.files_chunked == 1


def test_a_disk_without_case_has_one_file_for_both_spellings(plant: Plant, root: Path) -> None:
    plant({"Sub/A.py": "on disk\n"})
    writer = Writer(root, ignore_case=True)
    settle(writer)
    writer.open("sub/a.py", "unsaved\n")
    assert texts(settle(writer)) == {"Sub/A.py": "unsaved"}
    writer.open("SUB/a.py", "more\n")
    writer.close("sub/A.py")
    assert texts(settle(writer)) == {"Sub/A.py": "on disk"}


def test_a_large_tree_is_taken_in_bites(plant: Plant, writer: Writer) -> None:
    plant({f"{i}.py": f"word{i}\n" * 20_000 for i in range(9)})
    assert writer.scan()
    sizes = []
    while writer.is_busy:
        snapshot = writer.step(time.time_ns())
        assert snapshot is not None
        sizes.append(snapshot.files)
    assert len(sizes) > 2
    assert sizes == sorted(sizes)
    assert sizes[-1] == 9


def test_a_tree_that_is_too_large_is_a_problem_until_it_is_not(
    plant: Plant, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({f"{i}.py": "x\n" for i in range(5)})
    writer = Writer(root)
    monkeypatch.setattr(writer, "_tree", Tree(root, max_files=3))
    assert len(texts(settle(writer))) == 3
    assert writer.problem is not None
    assert "more than the index takes: 3 files" in writer.problem.fact
    (root / "0.py").unlink()
    (root / "1.py").unlink()
    settle(writer)
    assert writer.problem is None


def test_after_an_error_nothing_is_taken_for_done(
    plant: Plant, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({"a.py": "x\n"})
    writer.open("b.py", "y\n")
    writer.scan()
    with monkeypatch.context() as patch:
        patch.setattr("sidelong_index.segments._tidy", lambda parts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            writer.step(time.time_ns())
    assert texts(settle(writer)) == {"a.py": "x", "b.py": "y"}
