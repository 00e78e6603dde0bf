"""Files are cut into chunks at statements, each with its context."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong_index.chunk import DEFAULT, ChunkOptions, chunk, normalise, split_lines
from sidelong_index.parse import LANGUAGES

SUFFIX = {
    "python": "py", "javascript": "js", "typescript": "ts", "tsx": "tsx", "go": "go",
    "rust": "rs", "java": "java", "c": "c", "cpp": "cpp", "none": "txt",
}  # fmt: skip

FRAGMENTS = st.sampled_from(
    [
        "class A:", "    def f(self):", "        return 1", "def g():", "    pass", "", "   ",
        "function f() {", "}", "{", "if (x) {", "  y = 1;", "// note", "# note", "/*", "*/", '"""',
        "func f() int {", "impl A {", "fn f() {", "struct a {", "x", "\f", "\u2028", "a\x1cb", "(",
        "é😀", "\t", "case 1:", "switch (x) {", "#if 0", "#endif", "namespace n {", "@x",
    ]
)  # fmt: skip
OPTIONS = st.sampled_from(
    [
        DEFAULT,
        ChunkOptions(tolerance=0),
        ChunkOptions(lines=4, stride=2, tolerance=1),
        ChunkOptions(lines=10, stride=4, tolerance=3, context_lines=0),
        ChunkOptions(lines=3, stride=3, tolerance=2),
    ]
)


def spans(path: str, text: str, options: ChunkOptions = DEFAULT) -> list[tuple[int, int]]:
    return [(c.start_line, c.end_line) for c in chunk(path, text, options)]


def numbered(n: int) -> str:
    return "".join(f"line {i}\n" for i in range(n))


def test_every_language_is_covered() -> None:
    assert set(SUFFIX) == {*LANGUAGES, "none"}


@pytest.mark.parametrize("language", SUFFIX)
@settings(deadline=None, max_examples=25, derandomize=True)
@given(lines=st.lists(FRAGMENTS, max_size=90), options=OPTIONS)
def test_every_line_that_is_not_blank_is_in_a_chunk(
    language: str, lines: list[str], options: ChunkOptions
) -> None:
    text = "\n".join(lines)
    found = chunk(f"a.{SUFFIX[language]}", text, options)

    covered = {n for c in found for n in range(c.start_line, c.end_line + 1)}
    lines = split_lines(text)
    assert (
        {n for n, line in enumerate(lines, 1) if line.strip()}
        <= covered
        <= set(range(1, len(lines) + 1))
    )
    assert [c.start_line for c in found] == sorted(c.start_line for c in found)
    assert len({(c.start_line, c.end_line) for c in found}) == len(found)
    per_chunk = round(options.lines / options.stride)
    for c in found:
        assert lines[c.start_line - 1].strip()
        assert lines[c.end_line - 1].strip()
        assert c.end_line - c.start_line < (per_chunk + 1) * (options.stride + options.tolerance)
        assert list(c.context) == sorted(set(c.context))
        assert all(n < c.start_line for n in c.context)
        assert len(c.context) <= options.context_lines


def test_plain_text_is_cut_into_overlapping_windows() -> None:
    assert spans("notes.txt", numbered(50)) == [(1, 20), (11, 30), (21, 40), (31, 50)]


def test_a_short_file_is_one_chunk() -> None:
    assert spans("notes.txt", numbered(24)) == [(1, 24)]
    assert spans("notes.txt", "one line, no end") == [(1, 1)]


def test_a_file_without_anything_in_it_has_no_chunks() -> None:
    assert spans("a.py", "") == []
    assert spans("a.py", "\n  \n\t\n") == []


def test_edges_move_to_the_start_of_a_function() -> None:
    body = "    x = 1\n" * 7
    text = "".join(f"def f{i}():\n{body}" for i in range(6))  # of eight lines each
    starts = {start for start, _ in spans("a.py", text)}
    assert starts <= {8 * i + 1 for i in range(6)}


def test_an_edge_that_finds_no_statement_stays_where_it_is() -> None:
    text = "x = [\n" + "    1,\n" * 48 + "]\n"
    assert spans("a.py", text) == [(1, 20), (11, 30), (21, 40), (31, 50)]


def test_blank_lines_around_a_chunk_are_not_in_it() -> None:
    assert spans("a.txt", "\n\n\na\n\nb\n\n\n") == [(4, 6)]


def test_a_chunk_carries_the_signatures_around_it() -> None:
    head = "class Cache(Base):\n    def get(\n        self, key: str\n    ) -> int:\n"
    text = head + "        x = 1\n" * 40
    contexts = [c.context for c in chunk("a.py", text)]
    assert contexts[0] == ()
    assert set(contexts[1:]) == {(1, 2, 3, 4)}


def test_a_chunk_in_the_middle_of_a_signature_has_the_part_above_it() -> None:
    text = "def f(\n" + "".join(f"    a{i},\n" for i in range(30)) + "):\n    pass\n"
    options = ChunkOptions(header_lines=100, context_lines=100)
    second = chunk("a.py", text, options)[1]
    assert second.context == tuple(range(1, second.start_line))


def test_a_sibling_that_ended_is_no_context() -> None:
    first = "def a():\n" + "    x = 1\n" * 9
    second = "def b():\n" + "    y = 2\n" * 30
    last = chunk("a.py", first + second)[-1]
    assert last.context == (11,)


def test_only_newlines_end_lines() -> None:
    text = "a\fb\nc\u2028d\ne\x1cf\x85g\n"
    assert split_lines(text) == ["a\fb", "c\u2028d", "e\x1cf\x85g"]
    assert spans("a.txt", text) == [(1, 3)]


def test_windows_line_ends_count_as_newlines() -> None:
    assert normalise("a\r\nb\r\n") == "a\nb\n"


@pytest.mark.parametrize(
    "values",
    [{"stride": 0}, {"lines": 5}, {"tolerance": 10}, {"tolerance": -1}],
)
def test_options_that_make_no_sense_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="tolerance < stride <= lines"):
        ChunkOptions(**values)
