"""A document leaves without its secrets, and cut at places that typing does not move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sidelong.engine.remote.masked import SEEN_CHARS, masked
from sidelong.engine.request import Request

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def at(before: str, after: str = "") -> Request:
    return Request("a.py", "python", before + after, len(before))


def test_a_document_without_secrets_stays_as_it_is() -> None:
    request = at("x = 1\n", "y = 2\n")
    assert masked(request) == (request, 0)


@given(st.integers(0, 2 * len(KEY) + 20))
def test_no_cursor_lets_a_secret_out(cursor: int) -> None:
    text = f"A = '{KEY}'\nB = '{KEY}'\n"
    seen, n = masked(at(text[:cursor], text[cursor:]))
    assert KEY[:12] not in seen.text
    assert KEY[-12:] not in seen.text
    assert n == 2
    assert seen.before + seen.after == seen.text


def test_the_text_around_a_secret_stays_on_its_side() -> None:
    seen, _ = masked(at(f"a = '{KEY}'\nb = ", f"2\nc = '{KEY}'\n"))
    assert seen.before == "a = 'REDACTED'\nb = "
    assert seen.after == "2\nc = 'REDACTED'\n"


def test_a_long_document_is_cut_and_typing_does_not_move_the_cut() -> None:
    long = "".join(f"line_{n} = {n}\n" for n in range(40_000))
    one, _ = masked(at(long, long))
    two, _ = masked(at(long + "x", long))
    assert len(one.text) <= 2 * SEEN_CHARS
    assert two.before == one.before + "x"
