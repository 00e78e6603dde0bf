"""Lines of code as the rules compare them: indentation as a width, the rest as text.

What a rule concludes from two lines being alike is left to the rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_END = re.compile(r"\r\n|\r|\n")
_TAB = 4
_ELEMENT = re.compile(r"[\w.\"']+,\Z")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Line:
    """A line that is not blank: where it starts, how far it is indented, what it says."""

    start: int
    width: int
    said: str

    def __eq__(self, other: object) -> bool:
        """Alike wherever they stand: the same words, indented the same."""
        if not isinstance(other, Line):
            return NotImplemented
        return self.said == other.said and self.width == other.width

    def __hash__(self) -> int:
        return hash((self.said, self.width))

    @property
    def telling(self) -> bool:
        """True if a repetition of it means anything: brackets, numbers and the elements of a list
        repeat by nature."""
        if len(self.said) < 5 or _ELEMENT.match(self.said):
            return False
        return _LETTER.search(self.said) is not None

    @property
    def closes(self) -> bool:
        """True if it starts by closing a bracket."""
        return self.said[0] in ")]}"

    @property
    def opens(self) -> bool:
        """True if it ends by opening a bracket."""
        return self.said[-1] in "([{"


def unix(text: str) -> str:
    """`text` with `\\n` line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def width(text: str) -> int:
    """The width of the white space that `text` starts with."""
    blank = text[: len(text) - len(text.lstrip(" \t"))]
    return len(blank.expandtabs(_TAB))


def lines_of(text: str, *, offset: int = 0) -> Iterator[Line]:
    """The lines of `text` (`\\n` line ends) that are not blank; starts count from `offset`."""
    for raw in text.split("\n"):
        if raw.strip():
            yield Line(offset, width(raw), raw.strip())
        offset += len(raw) + 1
