"""The URIs in a message that cannot be read, such as one too large, found in its pieces; pure.

Inside a JSON string each quote has a backslash before it, so no text of a document looks like a
key. The order of the keys is the client's: the URI may stand before the text or behind it.
"""

from __future__ import annotations

import json
import re
from typing import Final

_LONGEST_BYTES: Final = 8_192
_URI: Final = re.compile(
    rb'"uri"[ \t\r\n]{0,99}:[ \t\r\n]{0,99}("(?:[^"\\]|\\.){1,%d}")' % _LONGEST_BYTES, re.DOTALL
)
_AT_ONCE_BYTES: Final = 8 * _LONGEST_BYTES
_MOST: Final = 4_096
"""More than the cells of a notebook; a message that names more is about no document."""


class NamedUris:
    """Reads one message, piece by piece; keeps little of it."""

    def __init__(self) -> None:
        self._found: set[str] = set()
        self._text = bytearray()

    def read(self, piece: bytes) -> None:
        """Go on with the next piece."""
        self._text += piece
        if len(self._text) >= _AT_ONCE_BYTES:
            self._search()

    def found(self) -> set[str]:
        """The URIs in what was read."""
        self._search()
        return self._found

    def _search(self) -> None:
        # Twice the length leaves room for the key before the longest one.
        searched = len(self._text) - 2 * _LONGEST_BYTES
        for match in _URI.finditer(self._text):
            searched = max(searched, match.end())
            if len(self._found) < _MOST and (uri := _string(match[1])) is not None:
                self._found.add(uri)
        del self._text[: max(searched, 0)]


def _string(data: bytes) -> str | None:
    try:
        return str(json.loads(data))
    except ValueError:
        return None
