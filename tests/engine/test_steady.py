"""Lines that stay the same while somebody types."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sidelong.engine.steady import STEP, steady

TEXT = st.lists(
    st.sampled_from(["\n", "\r\n", " ", "\t", "a", "def f():", "x" * 3_000]), max_size=30
)


@given(before=TEXT.map("".join), most=st.integers(STEP, 4 * STEP))
def test_the_parts_are_the_end_of_the_text(before: str, most: int) -> None:
    lines, rest = steady(before, most)
    assert before.endswith(lines + rest)
    assert min(len(before), most) - 2 * STEP <= len(lines + rest) <= most
    if lines:
        assert rest.startswith("\n")
        assert not lines[-1].isspace() or lines[-1] == "\r"


def test_the_lines_stay_while_one_is_typed() -> None:
    above = "".join(f"value_{n} = {n}\n" for n in range(5_000))
    typed = "result = value_1 + value_2"
    parts = {steady(above + typed[:n], 40_000)[0] for n in range(len(typed))}
    assert len(parts) == 1
    assert len(parts.pop()) > 30_000


def test_blank_lines_belong_to_the_rest() -> None:
    assert steady("a = 1\n\n    ", 100) == ("a = 1", "\n\n    ")
    assert steady("a = 1  \nb", 100) == ("", "a = 1  \nb")
    assert steady("\n\n", 100) == ("", "\n\n")
