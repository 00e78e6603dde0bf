"""The kept index is a cache: whatever happens to its file, nothing else is lost."""

from __future__ import annotations

import errno
import logging
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest

from sidelong_index import ChunkOptions, Snapshot, build, store
from sidelong_index.chunk import DEFAULT
from sidelong_index.scan import Known, Stamp
from sidelong_index.store import cache_file, load, remove_deleted, save
from sidelong_index.writer import Kept

Contents = Callable[[Snapshot], set[tuple[str, int, int, str, str]]]

ROOT = Path("/somewhere/project")


def some() -> Kept:
    """An index of two segments and a file that is left out."""
    parts = [
        *build([("a.py", "class A:\n" + "    x = 1\n" * 60), ("empty.py", "")]).parts,
        *build([("größe 😀.txt", "größe\n")]).parts,
    ]
    stamp = Stamp(3, 1_800_000_000_000_000_000, 2**62, 2**63 - 1)
    known = {
        "a.py": Known(stamp, b"0123456789abcdef", settled=True),
        "empty.py": Known(stamp, b"fedcba9876543210", settled=False),
        "größe 😀.txt": Known(stamp, bytes(16), settled=True),
        "x.bin": Known(stamp, bytes(range(16)), settled=True, skipped="binary"),
    }
    return Kept(tuple(parts), known)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with an index in it."""
    file = tmp_path / "cache" / "project.index"
    assert save(file, some(), ROOT, DEFAULT)
    return file


def test_what_is_saved_is_loaded(file: Path, contents: Contents) -> None:
    kept = load(file, ROOT, DEFAULT)
    assert kept is not None
    assert kept.known == some().known
    before, after = Snapshot(some().parts), Snapshot(kept.parts)
    assert contents(after) == contents(before)
    assert after.search("class A größe x", k=9) == before.search("class A größe x", k=9)


def test_an_empty_index_can_be_kept(tmp_path: Path) -> None:
    file = tmp_path / "empty.index"
    assert save(file, Kept((), {}), ROOT, DEFAULT)
    assert load(file, ROOT, DEFAULT) == Kept((), {})


def test_no_file_is_no_reason_for_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load(tmp_path / "nowhere", ROOT, DEFAULT) is None
    assert caplog.text == ""


def test_saving_leaves_nothing_beside_the_file(file: Path) -> None:
    assert save(file, some(), ROOT, DEFAULT)
    assert list(file.parent.iterdir()) == [file]


def refused(file: Path, caplog: pytest.LogCaptureFixture, reason: str) -> None:
    with caplog.at_level(logging.WARNING):
        assert load(file, ROOT, DEFAULT) is None
    assert str(file) in caplog.text
    assert reason in caplog.text
    assert len(caplog.records) == 1


@pytest.mark.parametrize("length", [0, 1, 51, 52, 53, 60, 1000, -1])
def test_a_torn_file_is_not_used(file: Path, caplog: pytest.LogCaptureFixture, length: int) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:length])
    refused(file, caplog, "rebuilt")


@pytest.mark.parametrize("place", [0, 20, 60, 200, 900, -1])
def test_a_damaged_file_is_not_used(
    file: Path, caplog: pytest.LogCaptureFixture, place: int
) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 0x10
    file.write_bytes(data)
    refused(file, caplog, "rebuilt")


def test_another_format_is_rebuilt(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FORMAT", store.FORMAT + 1)
    refused(file, caplog, f"its format is {store.FORMAT - 1}")


def test_something_else_is_no_index(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_bytes(b"#!/bin/sh\n" * 100)
    refused(file, caplog, "it is no index")


def test_a_folder_in_the_files_place_is_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "dir").mkdir()
    refused(tmp_path / "dir", caplog, "rebuilt")
    assert not save(tmp_path / "dir", some(), ROOT, DEFAULT)


def test_nonsense_with_a_right_checksum_is_survived(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonsense = [b"{", b"..", struct.pack("<Q", 7)]
    monkeypatch.setattr(store, "_serialise", lambda *_: iter(nonsense))
    assert save(file, some(), ROOT, DEFAULT)
    refused(file, caplog, "rebuilt")


@pytest.mark.parametrize(
    ("root", "options"), [(ROOT.parent, DEFAULT), (ROOT, ChunkOptions(lines=30))]
)
def test_another_roots_or_strategys_index_is_not_used(
    file: Path, root: Path, options: ChunkOptions
) -> None:
    assert load(file, root, options) is None


def test_another_grammar_means_other_chunks(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "grammar_versions", lambda: {"tree_sitter_python": "99"})
    assert load(file, ROOT, DEFAULT) is None


def test_a_full_disk_costs_the_file_only(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = file.read_bytes()
    monkeypatch.setattr(store, "_write", fail)
    assert not save(file, Kept((), {}), ROOT, DEFAULT)
    assert "No space left" in caplog.text
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_cannot_be_made_is_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    assert not save(tmp_path / "file" / "sub" / "x.index", some(), ROOT, DEFAULT)
    assert "cannot be kept" in caplog.text


def test_roots_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    names = {cache_file(tmp_path, Path(root)).name for root in ("/a/x", "/b/x", "/b/x y", "/")}
    assert len(names) == 4
    assert all(name.endswith(".index") for name in names)


def test_what_is_kept_changes_only_with_the_format() -> None:
    """If this fails on purpose, raise `store.FORMAT`: kept chunks and terms are out of date."""
    python = "class A:\n" + "".join(f"    def f{i}(self):\n        pass\n\n" for i in range(20))
    (part,) = build([("a.py", python), ("b.txt", "get_größe HTTPServer2\n")]).parts
    segment = part.segment
    chunks = list(zip(segment.starts.tolist(), segment.ends.tolist(), strict=True))
    terms = blake2b(segment.postings.terms.astype("<u8").tobytes(), digest_size=8).hexdigest()
    spans = [(1, 18), (11, 27), (20, 36), (29, 45), (38, 54), (47, 60), (1, 1)]
    assert (store.FORMAT, chunks, terms) == (3, spans, "4556cbbb2e1c2345")


def test_only_indexes_of_roots_that_were_deleted_are_removed(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    there, gone, elsewhere = tmp_path, tmp_path / "gone", tmp_path / "unmounted" / "project"
    for root in (there, gone, elsewhere):
        assert save(cache_file(cache, root), some(), root, DEFAULT)
    (cache / "odd.index").write_bytes(b"sidelong and nothing that makes sense" * 4)
    (cache / "short.index").write_bytes(b"sidelong")

    assert remove_deleted(cache) == [gone]
    assert not cache_file(cache, gone).exists()
    kept = [cache_file(cache, there), cache_file(cache, elsewhere)]
    assert set(cache.iterdir()) == {*kept, cache / "odd.index", cache / "short.index"}
    assert remove_deleted(tmp_path / "none") == []


WRITER = """
import sys
from pathlib import Path
from sidelong_index import build
from sidelong_index.chunk import DEFAULT
from sidelong_index.store import save
from sidelong_index.writer import Kept

file, root, text = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] * 100_000
kept = Kept(tuple(build([("a.txt", text)]).parts), {})
print("begins", flush=True)
assert all(save(file, kept, root, DEFAULT) for _ in range(100))
"""


def test_whoever_reads_while_others_save_finds_a_whole_index(tmp_path: Path) -> None:
    file = tmp_path / "x.index"
    assert save(file, some(), ROOT, DEFAULT)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), str(ROOT), text], stdout=subprocess.PIPE
        )
        for text in ("one\n", "other\n")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"begins"
    read = 0
    while any(writer.poll() is None for writer in writers):
        assert load(file, ROOT, DEFAULT) is not None
        read += 1
    assert [writer.communicate()[0] for writer in writers] == [b"", b""]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert read > 0
    assert list(tmp_path.iterdir()) == [file]
