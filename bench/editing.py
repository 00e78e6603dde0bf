"""The keystrokes of somebody who writes real lines into real files; pure.

Some lines of each file are not there yet. They are written one after the other, as their file has
them: character by character, with brackets that the editor closes and the user types over, a slip
that is deleted, Enter, and now and then the rest of a line accepted at once, as a right suggestion
is. The cursor moves between places of a file, and from file to file and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["type", "delete", "enter", "bracket", "move", "switch", "accept"]
KINDS: Final[tuple[Kind, ...]] = (
    "type", "delete", "enter", "bracket", "move", "switch", "accept"
)  # fmt: skip

_PAIRS: Final = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}
_QUOTES: Final = "\"'"
LINES: Final = 2
"""Lines written at each place; the second is accepted from its middle on."""
SLIP: Final = "x"


@dataclass(frozen=True)
class Event:
    """Something that the user did, and the document in front of them after it."""

    kind: Kind
    path: str
    text: str
    offset: int
    """The cursor in `text`."""


@dataclass
class _Document:
    path: str
    before: str
    after: str
    closers: str = ""
    """The signs that the editor has put behind the cursor, innermost first."""

    def event(self, kind: Kind) -> Event:
        return Event(kind, self.path, self.before + self.after, len(self.before))

    def go_to(self, mark: str) -> None:
        """Put the cursor where the mark stands, and take the mark out."""
        self.before, _, self.after = (self.before + self.after).partition(mark)

    def type(self, sign: str) -> Kind:
        if self.closers.startswith(sign):  # typed over
            self.closers, self.after = self.closers[1:], self.after[1:]
            self.before += sign
            return "type"
        self.before += sign
        quoted = self.closers[:1] in tuple(_QUOTES)
        if sign not in _PAIRS or quoted:
            return "type"
        self.closers, self.after = _PAIRS[sign] + self.closers, _PAIRS[sign] + self.after
        return "bracket"

    def finish(self, rest: str) -> None:
        """Put the rest of the line in the place of what the editor closed."""
        self.before += rest
        self.after, self.closers = self.after[len(self.closers) :], ""


def mark(file: int, place: int) -> str:
    """A text that stands for lines which are not there yet."""
    return f"\N{OBJECT REPLACEMENT CHARACTER}{file}.{place};"


def keystrokes(files: Mapping[str, str], *, visits: int, places: int = 2) -> Iterator[Event]:
    """Everything done while the files are written, each of them visited so many times in turn."""
    documents, missing = {}, {}
    for i, (path, text) in enumerate(files.items()):
        marked, lines = _with_gaps(text, i, visits * places)
        documents[path], missing[path] = _Document(path, marked, ""), lines
    for visit in range(visits):
        for i, (path, document) in enumerate(documents.items()):
            for k in range(visit * places, (visit + 1) * places):
                document.go_to(mark(i, k))
                yield _clean(document.event("switch" if k == visit * places else "move"))
                yield from map(_clean, _write(document, missing[path][k]))


def _write(document: _Document, lines: Sequence[str]) -> Iterator[Event]:
    for number, line in enumerate(lines):
        code = line.lstrip()
        half = len(code) // 2
        for i, sign in enumerate(code):
            if number and i == half and i:
                document.finish(code[i:])
                yield document.event("accept")
                break
            if not number and i == half:
                document.before += SLIP
                yield document.event("type")
                document.before = document.before[: -len(SLIP)]
                yield document.event("delete")
            yield document.event(document.type(sign))
        document.finish("")
        if number + 1 < len(lines):
            following = lines[number + 1]
            document.before += "\n" + following[: len(following) - len(following.lstrip())]
            yield document.event("enter")


def _with_gaps(text: str, file: int, n: int) -> tuple[str, list[list[str]]]:
    """The text with a mark where lines are missing, and the lines."""
    lines = text.split("\n")
    step = len(lines) // (n + 1)
    kept, missing, at = [], [], 0
    for k in range(n):
        start = next(i for i in range(max((k + 1) * step, at), len(lines)) if _writable(lines, i))
        indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
        kept += [*lines[at:start], indent + mark(file, k)]
        missing.append(lines[start : start + LINES])
        at = start + LINES
    return "\n".join([*kept, *lines[at:]]), missing


def _writable(lines: Sequence[str], start: int) -> bool:
    return all(12 <= len(line.strip()) <= 70 for line in lines[start : start + LINES])


def _clean(event: Event) -> Event:
    """The event without the marks of other places, which stand on otherwise empty lines."""
    parts = [event.text[: event.offset], event.text[event.offset :]]
    before, after = (_unmarked(part) for part in parts)
    return Event(event.kind, event.path, before + after, len(before))


def _unmarked(text: str) -> str:
    first, *others = text.split("\N{OBJECT REPLACEMENT CHARACTER}")
    return first + "".join(other.partition(";")[2] for other in others)
