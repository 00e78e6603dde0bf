"""The lines, indentation and indented blocks of one file, computed once for many blanks.

The text alone is read; nobody needs to know its language.
"""

import random
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

_LINE = re.compile(r"([ \t]*)([^\r\n]*)(\r\n|\r|\n|\Z)")
_COMMENT = re.compile(
    r"#(?!include|define|undef|if|el|end|pragma|!?\[)|//|/\*|\*(?=[\s/]|$)|--\s|<!--|\"\"\"|'''"
)
_TRIPLE = re.compile(r'"""|\'\'\'')
_FUNCTION = re.compile(r"\b(?:def|function|func|fn)\b|\)[^()]*[:{]$|=>\s*\{$")
_CONTROL = re.compile(
    r"(?:\}\s*)?(?:if|elif|else|for|while|switch|match|catch|except|with|do|try|loop|class)\b"
)
_TAB = 4
_RARE = 0.08  # the weight of a comment, a docstring's line or a lone bracket beside other lines
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Block:
    """Lines `first` to `last` (inclusive), indented more than the line above them."""

    first: int
    last: int
    is_body: bool

    @property
    def n_lines(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Layout:
    """A file's table of lines.

    `starts` and `ends` bound the content of each line, without indentation, trailing white space
    and line end; a blank line has start == end.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    weights: Sequence[float]  # running total of how often each line is drawn
    blocks: Sequence[Block]  # every indented block, in the order in which they end

    @staticmethod
    def of(text: str) -> "Layout":
        """The layout of `text`; the last few are kept, so that asking again is free."""
        return _layout(text)

    @property
    def empty(self) -> bool:
        return not self.weights or self.weights[-1] <= 0

    def draw_line(self, rng: random.Random) -> int:
        """Draw a line that is not blank; comments, docstrings and lone brackets come rarely."""
        return bisect_right(self.weights, rng.random() * self.weights[-1])

    def says(self, line: int) -> tuple[int, int]:
        """The offsets of the line's content."""
        return self.starts[line], self.ends[line]

    def last_saying(self, line: int) -> int:
        """The last line up to `line` that is not blank (0 when there is none)."""
        while line > 0 and self.starts[line] == self.ends[line]:
            line -= 1
        return line


@lru_cache(maxsize=8)
def _layout(text: str) -> Layout:
    starts, ends, widths, weights, remarks = [], [], [], [], []
    in_docstring = False
    for match in _LINE.finditer(text):
        start, said = match.start(2), match[2].rstrip()
        starts.append(start)
        ends.append(start + len(said))
        widths.append(len(match[1].expandtabs(_TAB)) if said else -1)
        remark = in_docstring or _COMMENT.match(said) is not None
        remarks.append(remark)
        weights.append(_weight(said, remark))
        if len(_TRIPLE.findall(said)) % 2 == 1:
            in_docstring = not in_docstring
    lines = [
        _Line(text[s:e], w, r) for s, e, w, r in zip(starts, ends, widths, remarks, strict=True)
    ]
    return Layout(text, starts, ends, list(accumulate(weights)), tuple(_blocks(lines)))


@dataclass(frozen=True)
class _Line:
    said: str
    width: int  # of the indentation; -1 for a blank line
    is_remark: bool


def _weight(said: str, is_remark: bool) -> float:
    if not said:
        return 0.0
    return 1.0 if _WORD.search(said) and not is_remark else _RARE


def _blocks(lines: Sequence[_Line]) -> Iterator[Block]:
    """Every indented block, in the order in which they end."""
    headers: list[int] = []  # lines that may have a block below, less indented ones first
    previous = -1
    for i, line in enumerate([*lines, _Line("", 0, False)]):
        if line.width < 0:
            continue
        while headers and lines[headers[-1]].width >= line.width:
            header = headers.pop()
            block = _block(lines, header, previous)
            if block is not None:
                yield block
        headers.append(i)
        previous = i


def _block(lines: Sequence[_Line], header: int, last: int) -> Block | None:
    """The block under `header`; a function's starts after its docstring and leading comments."""
    first = header + 1
    is_body = _is_function(lines, header)
    while first <= last and (lines[first].width < 0 or (is_body and lines[first].is_remark)):
        first += 1
    return Block(first, last, is_body) if first <= last else None


def _is_function(lines: Sequence[_Line], header: int) -> bool:
    said = lines[header].said
    if said == "{" and header > 0:  # the brace on a line of its own
        said = lines[header - 1].said + said
    return _FUNCTION.search(said) is not None and not _CONTROL.match(said)
