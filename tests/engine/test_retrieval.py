"""Retrieval: the chunks worth showing, none of them twice and none that the model reads anyway."""

from __future__ import annotations

from sidelong.engine import retrieve
from sidelong.engine.retrieval import longest_match
from sidelong_index import build

LOOP = "".join(f"for zebra in range({i}):\n    visit(zebra, okapi)\n" for i in range(10))
OTHERS = {f"other{i}.py": f"def visit{i}(zebra, okapi):\n    return {i}\n" for i in range(4)}
CURSOR = LOOP.index("range(5)")


def paths(files: dict[str, str], *, text: str = LOOP, k: int = 6) -> list[str]:
    """The files of the chunks retrieved in the middle of `text`, which is open as main.py."""
    found = retrieve(build(files.items()), path="main.py", text=text, offset=CURSOR, k=k)
    return [hit.path for hit in found]


def test_chunks_with_the_same_text_are_one() -> None:
    assert paths({"a.py": OTHERS["other0.py"], "b.py": OTHERS["other0.py"]}) == ["a.py"]


def test_copies_leave_room_for_the_others() -> None:
    copies = {
        f"copy{i:03}.py": "visit(zebra, okapi)\nfor zebra in range(okapi):\n" for i in range(99)
    }
    assert paths({**copies, **OTHERS}) == ["copy000.py", *sorted(OTHERS)]


def test_copies_of_the_lines_around_the_cursor_are_not_retrieved() -> None:
    copies = {f"worktree{i}/main.py": LOOP for i in range(6)}
    assert paths({"main.py": LOOP, **copies, **OTHERS}) == sorted(OTHERS)


def test_line_ends_do_not_hide_a_copy() -> None:
    text = LOOP.replace("\n", "\r\n")
    found = retrieve(build([("copy.py", LOOP)]), path="main.py", text=text, offset=CURSOR, k=6)
    assert found == []


def test_a_copy_that_differs_around_the_cursor_is_retrieved() -> None:
    before, after = LOOP[:CURSOR], LOOP[CURSOR:]
    assert paths({"copy.py": f"{before}quagga{after}"})[0] == "copy.py"


def test_the_same_file_is_retrieved_where_it_is_far_from_the_cursor() -> None:
    far = LOOP + "\n" * 40 + "def visit(zebra, okapi):\n    pass\n"
    assert paths({"main.py": far}, text=far) == ["main.py"]


def test_the_longest_match_ends_at_the_cursor_and_stands_in_one_text() -> None:
    assert longest_match("x = fold(\r\n    a, ", ["fold(\n    a, b)", "a, "]) == len(
        "fold(\n    a, "
    )
    assert longest_match("for i in fold", ["for i in", "fold"]) == len("fold")
    assert longest_match("a" * 500, ["a" * 500]) == 80
    assert longest_match("", ["a"]) == longest_match("a", []) == longest_match("a", ["b"]) == 0
