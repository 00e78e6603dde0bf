"""The base protocol's framing: bytes in, message bodies out; pure.

Reading from a pipe or socket is left to `transport`, the meaning of a body to `protocol`.
pygls' own reader is not used: it accepts only the exact spelling `Content-Length`, and after any
other it never finds the next message. This one reads headers as HTTP does and resumes at the next
header after garbage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_LENGTH: Final = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)
_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")
_MOST_HEADER_BYTES: Final = 16_384
MOST_BODY_BYTES: Final = 1 << 28
_MOST_SKIPPED_BYTES: Final = 1 << 32
"""A length beyond this is no document's; what follows is searched for the next header."""


class Framer:
    """Cuts a stream into bodies; `garbage` counts the bytes that belong to no body.

    `refused` counts the bodies that were too large; they are passed over.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_bytes: int | None = None
        self._skip_bytes = 0
        self.garbage = 0
        self.refused = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Each body that `data` completes, in order."""
        passed_over = min(self._skip_bytes, len(data))
        self._skip_bytes -= passed_over
        self._buffer += data[passed_over:]
        while True:
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
            self.refused += 1
            self._skip(length)
        else:
            self.garbage += end.end()
        return True

    def _skip(self, length: int) -> None:
        here = min(length, len(self._buffer))
        del self._buffer[:here]
        self._skip_bytes = length - here

    def _forget_flood(self) -> None:
        """Drop old bytes, so that a stream without headers does not fill the memory."""
        surplus = len(self._buffer) - _MOST_HEADER_BYTES
        if surplus > 0:
            del self._buffer[:surplus]
            self.garbage += surplus


def frame(body: bytes) -> bytes:
    """The body with its header, ready to write."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
