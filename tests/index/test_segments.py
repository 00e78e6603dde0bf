"""Segments are merged and cleaned without a trace in what is found."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

import numpy as np
import pytest

from sidelong_index import Snapshot, build
from sidelong_index.chunk import ChunkOptions
from sidelong_index.segment import SegmentBuilder, merge
from sidelong_index.segments import Segments, compact
from sidelong_index.snapshot import Part

Contents = Callable[[Snapshot], set[tuple[str, int, int, str, str]]]

WORDS = [f"word{i}" for i in range(60)]


def text(seed: int, n_lines: int = 30) -> str:
    rng = random.Random(seed)
    head = f"def function_{seed}():\n"
    return head + "".join(f"    {' '.join(rng.choices(WORDS, k=4))}\n" for _ in range(n_lines))


def searches(snapshot: Snapshot) -> list[object]:
    return [snapshot.search(text(seed, 3), k=5) for seed in range(8)]


def segments(files: dict[str, str]) -> Segments:
    """Each file as a segment of its own, as far as they are not merged."""
    made = Segments()
    for path, content in files.items():
        made.replace([], [(path, content)])
    return made


FILES = {f"f{i}.py": text(i) for i in range(30)}


def test_files_that_come_one_by_one_end_as_if_they_had_come_together(contents: Contents) -> None:
    made = segments(FILES)
    together = build(FILES.items())
    assert contents(made.snapshot(None)) == contents(together)
    assert searches(made.snapshot(None)) == searches(together)


def test_there_are_few_segments_however_many_files_come() -> None:
    assert len(segments({f"{i}.txt": f"a{i}\n" for i in range(200)}).parts) < 10


def test_removed_and_replaced_files_are_gone(contents: Contents) -> None:
    made = segments(FILES)
    made.replace(["f1.py", "f2.py", "nowhere.py"], [("f3.py", "new\n")])
    left = {p: t for p, t in FILES.items() if p not in ("f1.py", "f2.py")} | {"f3.py": "new\n"}
    assert contents(made.snapshot(None)) == contents(build(left.items()))
    assert searches(made.snapshot(None)) == searches(build(left.items()))


def test_a_segment_is_rewritten_when_half_of_it_is_dead() -> None:
    made = Segments(parts=build(FILES.items()).parts)
    made.replace(list(FILES)[:20], [])
    (part,) = made.parts
    assert (part.files, part.dead_chunks.size) == (10, 0)


def test_an_edit_leaves_other_files_segments_alone() -> None:
    made = Segments(parts=build(FILES.items()).parts)
    (before,) = made.parts
    made.replace([], [("f3.py", "new\n")])
    assert made.parts[0].segment is before.segment


def test_a_snapshot_does_not_change_when_files_do(contents: Contents) -> None:
    made = segments(FILES)
    snapshot = made.snapshot(None)
    before = contents(snapshot), searches(snapshot)
    made.replace(list(FILES), [("other.py", "x\n")])
    assert (contents(snapshot), searches(snapshot)) == before


def test_an_emptied_index_finds_nothing() -> None:
    made = segments(FILES)
    made.replace(list(FILES), [])
    snapshot = made.snapshot(None)
    assert (snapshot.files, snapshot.chunks, made.parts) == (0, 0, ())
    assert snapshot.search("word1", k=3) == []


def test_a_failure_in_one_file_costs_that_file(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add = SegmentBuilder.add

    def fail(self: SegmentBuilder, path: str, content: str) -> None:
        if path == "bad.py":
            raise RecursionError("too deep")
        add(self, path, content)

    monkeypatch.setattr(SegmentBuilder, "add", fail)
    made = segments({"bad.py": "old\n"})
    with caplog.at_level(logging.ERROR):
        failed = made.replace([], [("a.py", "x\n"), ("bad.py", "y\n"), ("c.py", "z\n")])
    assert failed == ["bad.py"]
    assert sorted(made.snapshot(None).paths()) == ["a.py", "c.py"]
    assert "bad.py" in caplog.text


def test_compacting_leaves_no_trace_of_dead_files() -> None:
    (part,) = build([("dead.py", "unsaved_secret = 1\n"), ("live.py", "x = 2\n")]).parts
    clean = compact(part.without(["dead.py"]))
    assert clean.segment.paths == ("live.py",)
    assert len(clean.segment.texts) == 1
    assert clean.segment.postings.terms.size == 2  # x, 2


def test_merging_nothing_alive_gives_an_empty_segment() -> None:
    (part,) = build([("a.py", "x\n")]).parts
    empty = merge([(part.segment, np.zeros(1, np.bool_))])
    assert (empty.paths, empty.chunks, empty.postings.terms.size) == ((), 0, 0)


def test_a_path_comes_once() -> None:
    builder = SegmentBuilder()
    builder.add("a.py", "x\n")
    with pytest.raises(ValueError, match=r"a\.py"):
        builder.add("a.py", "y\n")


@pytest.mark.parametrize(
    "options",
    [ChunkOptions(lines=9, stride=3, tolerance=1), ChunkOptions(lines=10, stride=4, tolerance=0)],
)
def test_terms_of_a_chunk_are_those_of_its_lines(options: ChunkOptions) -> None:
    (part,) = build(FILES.items(), options=options).parts
    again = SegmentBuilder()
    segment = part.segment
    for file in range(len(segment.paths)):
        for chunk in segment.chunks_of(file):
            lines = segment.lines(file)[segment.starts[chunk] - 1 : segment.ends[chunk]]
            again.add(f"{chunk}", " ".join(lines))
    assert again.build().postings.sizes.tolist() == segment.postings.sizes.tolist()


def test_parts_without_a_path_are_the_same_part() -> None:
    (part,) = build([("a.py", "x\n")]).parts
    assert part.without(["b.py"]) is part
    assert isinstance(part, Part)
