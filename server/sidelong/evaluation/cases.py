"""Cases: blanks in files held in memory, and the lines that no case may retrieve."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sidelong.evaluation.blanks import Blank, Kind, sample_blanks
from sidelong_index import Exclusion, query_around

MOST_CHARACTERS = 200_000
"""A longer file is generated or data, and costs more than it tells."""


@dataclass(frozen=True)
class File:
    """A file to take blanks from."""

    path: str
    """As the snapshot names it."""
    language: str
    text: str
    project: str = ""
    """The workspace folder's name, which some models' formats begin with."""


@dataclass(frozen=True)
class Case:
    """A blank and the file it is in."""

    file: File
    blank: Blank

    @property
    def target(self) -> str:
        """The code that stands in the blank."""
        return self.file.text[self.blank.start : self.blank.end]

    @property
    def before(self) -> str:
        """The code above and before the cursor."""
        return self.file.text[: self.blank.start]

    @property
    def after(self) -> str:
        """The code behind the blank."""
        return self.file.text[self.blank.end :]

    @property
    def text(self) -> str:
        """The document without the target."""
        return self.before + self.after

    @property
    def exclusion(self) -> Exclusion:
        """The lines of the file that must not be retrieved; see `exclusion`."""
        return exclusion(self.file.path, self.file.text, self.blank)


def exclusion(path: str, text: str, blank: Blank, *, to_end: bool = False) -> Exclusion:
    """The blank's lines and the query's around it, in a snapshot that holds the whole file.

    `to_end` excludes all that follows too, for a blank that ends its file.
    """
    first, _ = query_around(text, blank.start)[1]
    if to_end:
        return Exclusion(path, first, text.count("\n") + 1)
    _, last = query_around(text, blank.end)[1]
    return Exclusion(path, first, last)


def sample_cases(
    files: Iterable[File], *, n: int, seed: int, kinds: Sequence[Kind] = ("line",)
) -> list[Case]:
    """`n` blanks, spread over as many files as hold any; the same for the same seed and files.

    Fewer if the files do not hold that many.
    """
    rng = random.Random(seed)
    order = sorted((f for f in files if len(f.text) <= MOST_CHARACTERS), key=lambda f: f.path)
    rng.shuffle(order)

    def draw(file: File, n: int) -> list[Case]:
        return [Case(file, blank) for blank in sample_blanks(file.text, rng=rng, n=n, kinds=kinds)]

    each = -(-n // max(1, len(order)))
    drawn = [draw(file, each) for file in order]
    while each < n and sum(map(len, drawn)) < n:
        each = min(2 * each, n)
        drawn = [draw(cases[0].file, each) for cases in drawn if cases]
    return [cases[i] for i in range(each) for cases in drawn if i < len(cases)][:n]
