"""The URIs in a message that is too large to be read: the keys alone, wherever it is cut."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from sidelong.lsp.named_uris import NamedUris


def named(*pieces: bytes) -> set[str]:
    uris = NamedUris()
    for piece in pieces:
        uris.read(piece)
    return uris.found()


def test_what_a_text_says_names_nothing() -> None:
    text = '{"uri": "file:///no.py"} "uri'
    message = {"textDocument": {"uri": "file:///a.py", "version": 1}, "uri": [text], "text": text}
    assert named(json.dumps(message).encode()) == {"file:///a.py"}


def test_a_uri_is_read_as_json_is() -> None:
    message = (
        b'{"uri" :\n"file:///%22\\u0062\\".py", "uri": "\\ud83d\\ude00", "uri": "\\x", "uri": 1}'
    )
    assert named(message) == {'file:///%22b".py', "😀"}


def test_little_is_kept_of_a_message_that_names_more_than_a_document() -> None:
    assert len(named(*(b'{"uri":"file:///%d"}' % n for n in range(9_000)))) == 4_096


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(100, 40_000))
def test_where_the_message_is_cut_does_not_matter(size: int) -> None:
    uris = {"file:///" + "a" * 8_000, "file:///b.py", "file:///c.py"}
    message = json.dumps(
        ["x" * 20_000 + uri if i else {"uri": uri} for uri in uris for i in (0, 1)]
    )
    data = message.encode()
    assert named(*(data[i : i + size] for i in range(0, len(data), size))) == uris
