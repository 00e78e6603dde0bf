"""Searching: what is found, in which order, and what is left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong_index import Exclusion, Hit, Snapshot, build, query_around
from sidelong_index import snapshot as snapshot_module
from sidelong_index.snapshot import QUERY_CHARACTERS
from sidelong_index.terms import words


def lines(*texts: str) -> str:
    return "".join(f"{text}\n" for text in texts)


def test_a_hit_shows_its_lines_and_what_encloses_them() -> None:
    text = lines("class Cache:", "    def get(self):", *[f"        a{i} = {i}" for i in range(30)])
    (hit,) = build([("pkg/cache.py", text)]).search("a29 a28", k=1)
    assert hit == Hit(
        path="pkg/cache.py",
        start_line=11,
        end_line=32,
        score=hit.score,
        text="\n".join(text.split("\n")[10:32]),
        context="class Cache:\n    def get(self):\n",
    )
    assert hit.score == 2 / 44


def test_the_best_come_first_and_ties_by_path_and_line() -> None:
    snapshot = build(
        [("b.txt", "x y\n"), ("a.txt", "x y\n"), ("c.txt", "x\n"), ("d.txt", "x z q\n")]
    )
    hits = snapshot.search("x", k=3)
    assert [(h.path, h.score) for h in hits] == [("c.txt", 1.0), ("a.txt", 0.5), ("b.txt", 0.5)]


def test_ties_between_segments_go_by_path_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "_BUILD_CHUNKS", 1)
    snapshot = build([(f"{name}.txt", "x y\n") for name in "dbca"])
    assert len(snapshot.parts) > 1
    assert [hit.path for hit in snapshot.search("x", k=2)] == ["a.txt", "b.txt"]


def test_what_shares_no_word_is_not_found() -> None:
    snapshot = build([("a.txt", "x\n")])
    assert snapshot.search("y", k=5) == []
    assert snapshot.search("", k=5) == []
    assert snapshot.search("x", k=0) == []


def test_nothing_is_found_in_an_empty_snapshot() -> None:
    assert Snapshot().search("x", k=5) == []
    assert build([]).search("x", k=5) == []
    assert (build([]).files, build([]).chunks) == (0, 0)


def test_excluded_lines_of_the_open_file_are_not_found() -> None:
    text = "".join(f"word{i}\n" for i in range(60))
    snapshot = build([("a.txt", text), ("b.txt", text)])

    def spans(exclude: Exclusion | None) -> set[tuple[str, int]]:
        return {(h.path, h.start_line) for h in snapshot.search(text, k=99, exclude=exclude)}

    everything = {(path, start) for path in ("a.txt", "b.txt") for start in (1, 11, 21, 31, 41)}
    assert spans(None) == everything
    assert spans(Exclusion("a.txt", 25, 31)) == {
        (path, start) for path, start in everything if path == "b.txt" or start in (1, 41)
    }
    assert spans(Exclusion("c.txt", 1, 60)) == everything


def test_what_encloses_a_hit_holds_no_excluded_line() -> None:
    text = lines("class Cache:", "    def get(self):", *[f"        a{i} = {i}" for i in range(30)])
    snapshot = build([("cache.py", text), ("other.py", text)])

    def contexts(exclude: Exclusion) -> dict[str, str]:
        return {h.path: h.context for h in snapshot.search("a29 a28", k=2, exclude=exclude)}

    whole = "class Cache:\n    def get(self):\n"
    assert contexts(Exclusion("cache.py", 1, 1)) == {
        "cache.py": "    def get(self):\n",
        "other.py": whole,
    }


def test_a_file_of_windows_is_shown_with_plain_newlines() -> None:
    (hit,) = build([("a.txt", "x\r\ny\r\n")]).search("x", k=1)
    assert hit.text == "x\ny"


def test_counts_are_of_files_and_chunks() -> None:
    snapshot = build([("a.txt", "x\n" * 50), ("empty.txt", "")])
    assert (snapshot.files, snapshot.chunks) == (2, 4)
    assert sorted(snapshot.paths()) == ["a.txt", "empty.txt"]


def test_the_query_is_ten_lines_on_both_sides() -> None:
    text = "".join(f"line{i}\n" for i in range(1, 51))
    query, span = query_around(text, text.index("line25") + 3)
    assert span == (15, 35)
    assert query.split("\n") == [f"line{i}" for i in range(15, 36)]


def test_long_lines_are_cut_around_the_cursor() -> None:
    long = "zebra " * 600_000
    text = f"first\n{long}\nhere\n{long}\nlast\n"
    query, span = query_around(text, text.index("here"))
    assert span == (1, 6)
    assert "here" in query
    assert len(query) == 2 * QUERY_CHARACTERS
    assert "first" not in query


@settings(deadline=None, max_examples=300, derandomize=True)
@given(text=st.text(alphabet="a\n\r ", max_size=60), data=st.data())
def test_the_query_is_the_lines_of_its_span(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    query, (first, last) = query_around(text, offset)
    all_lines = text.split("\n")
    cursor = text.count("\n", 0, offset) + 1
    assert (first, last) == (max(1, cursor - 10), min(len(all_lines), cursor + 10))
    assert query.split("\n") == all_lines[first - 1 : last]


def test_a_search_is_what_the_definition_says() -> None:
    texts = {f"{i}.txt": " ".join(f"w{(i * j) % 23}" for j in range(20)) for i in range(40)}
    query = "w1 w2 w3 w5 w8 w13 w21 unknown"

    def similarity(path: str) -> float:
        a, b = words(query), words(texts[path])
        return len(a & b) / len(a | b)

    expected = sorted(texts, key=lambda path: (-similarity(path), path))[:7]
    hits = build(texts.items()).search(query, k=7)
    assert [(h.path, h.score) for h in hits] == [(p, similarity(p)) for p in expected]
