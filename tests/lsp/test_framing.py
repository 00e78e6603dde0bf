"""Framing: any bytes in, bodies out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.lsp.framing import Framer, frame


def bodies(*chunks: bytes) -> list[bytes]:
    framer = Framer()
    return [body for chunk in chunks for body in framer.feed(chunk)]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-length: 2\r\n\r\n",
        b"CONTENT-LENGTH:2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"content-type: x\r\ncontent-length : 2 \r\n\r\n",
        b"Content-Length: 2\n\n",
    ],
)
def test_headers_are_read_as_http_reads_them(header: bytes) -> None:
    assert bodies(header + b"{}" + header + b"[]") == [b"{}", b"[]"]


def test_a_body_without_a_length_costs_only_itself() -> None:
    assert bodies(b'X: 1\r\n\r\n{"lost": 1}' + frame(b"{}")) == [b"{}"]


def test_a_length_of_nonsense_costs_only_its_message() -> None:
    for nonsense in (b"-5", b"abc", b"999999999999"):
        assert bodies(b"Content-Length: " + nonsense + b"\r\n\r\n{}" + frame(b"[]")) == [b"[]"]


def test_a_body_that_is_too_large_is_passed_over_whatever_is_in_it() -> None:
    refused: list[set[str]] = []
    framer = Framer(refused.append)
    body = (frame(b'{"uri": "file:///a.py"}') + b"x" * 1_000_000)[:1_000_000]
    (first,) = framer.feed(frame(b"{}") + b"Content-Length: 300000000\r\n\r\n" + body)
    for _ in range(299):
        assert list(framer.feed(body)) == []
    (last,) = framer.feed(frame(b"[]"))
    assert (first, last, refused, framer.garbage) == (b"{}", b"[]", [{"file:///a.py"}], 0)


def test_an_empty_body_is_a_body() -> None:
    assert bodies(frame(b"") + frame(b"{}")) == [b"", b"{}"]


def test_a_flood_without_headers_is_forgotten() -> None:
    framer = Framer()
    for _ in range(100):
        assert list(framer.feed(b"x" * 10_000)) == []
    assert framer.garbage > 900_000
    assert list(framer.feed(b"\r\n\r\n" + frame(b"{}"))) == [b"{}"]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(1, 40))
def test_where_the_stream_is_cut_does_not_matter(messages: list[bytes], size: int) -> None:
    stream = b"".join(frame(message) for message in messages)
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert bodies(*chunks) == messages
