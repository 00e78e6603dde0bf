"""The base protocol's framing: bytes in, message bodies out; pure.

Reading from a pipe or socket is left to `transport`, the meaning of a body to `protocol`.
pygls' own reader is not used: it accepts only the exact spelling `Content-Length`, and after any
other it never finds the next message. This one reads headers as HTTP does and resumes at the next
header after garbage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from sidelong.lsp.named_uris import NamedUris

_LENGTH: Final = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)
_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")
_MOST_HEADER_BYTES: Final = 16_384
MOST_BODY_BYTES: Final = 1 << 28
_MOST_SKIPPED_BYTES: Final = 1 << 32
"""A length beyond this is no document's; what follows is searched for the next header."""


class Framer:
    """Cuts a stream into bodies; `garbage` counts the bytes that belong to no body."""

    def __init__(self, on_too_large: Callable[[set[str]], None] = lambda _: None) -> None:
        """`on_too_large` gets the URIs that a body names which was too large and is passed over.

        It is called before a body behind that one is given.
        """
        self._on_too_large = on_too_large
        self._buffer = bytearray()
        self._body_bytes: int | None = None
        self._skip_bytes = 0
        self._skipped = NamedUris()
        self.garbage = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Each body that `data` completes, in order."""
        self._buffer += data
        while True:
            if self._skip_bytes and not self._pass_over():
                return
            if self._body_bytes is None and not self._read_headers():
                return
            if self._body_bytes is None:
                continue
            if len(self._buffer) < self._body_bytes:
                return
            body = bytes(self._buffer[: self._body_bytes])
            del self._buffer[: self._body_bytes]
            self._body_bytes = None
            yield body

    def _read_headers(self) -> bool:
        """Take one block of headers off the buffer; False if more bytes are needed."""
        end = _END_OF_HEADERS.search(self._buffer)
        if end is None:
            self._forget_flood()
            return False
        headers = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        lengths = _LENGTH.findall(headers)
        # The last one counts: those before it may come from a body that was cut short.
        length = int(lengths[-1]) if lengths else _MOST_SKIPPED_BYTES + 1
        if length <= MOST_BODY_BYTES:
            self._body_bytes = length
        elif length <= _MOST_SKIPPED_BYTES:
            self._skip_bytes, self._skipped = length, NamedUris()
        else:
            self.garbage += end.end()
        return True

    def _pass_over(self) -> bool:
        """Take what is there of a body that is too large off the buffer; True at its end."""
        piece = bytes(self._buffer[: self._skip_bytes])
        del self._buffer[: len(piece)]
        self._skip_bytes -= len(piece)
        self._skipped.read(piece)
        if self._skip_bytes == 0:
            self._on_too_large(self._skipped.found())
        return self._skip_bytes == 0

    def _forget_flood(self) -> None:
        """Drop old bytes, so that a stream without headers does not fill the memory."""
        surplus = len(self._buffer) - _MOST_HEADER_BYTES
        if surplus > 0:
            del self._buffer[:surplus]
            self.garbage += surplus


def frame(body: bytes) -> bytes:
    """The body with its header, ready to write."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
