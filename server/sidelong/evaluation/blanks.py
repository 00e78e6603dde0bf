"""Blanks: pieces of a file that somebody might be about to write.

Offsets are code points. There is no parser: lines, indentation and brackets are enough, and
training draws millions of blanks.
"""

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sidelong.evaluation.layout import Block, Layout

Kind = Literal[
    "rest", "line", "lines", "expression", "call", "arguments", "import", "span", "block", "body"
]
ALL: tuple[Kind, ...] = (
    "rest", "line", "lines", "expression", "arguments", "import", "span", "block", "body"
)  # fmt: skip
"""The kinds that training draws from; calls are among the expressions."""

MAX_BLOCK_LINES = 12
MAX_BODY_LINES = 30
MAX_EXPRESSION = 300
MAX_SPAN = 300
_ATTEMPTS = 8

_OPENER = re.compile(r"[(\[{]|(?<![=!<>:])=(?!=)\s*|\b(?:return|in|yield|await|if|while)\s+|=>\s*")
_CALL = re.compile(
    r"(?<![\w.])(?<!\bdef )(?<!\bclass )(?<!\bfn )(?<!\bfunc )(?:\w+\.)*([^\W\d]\w*)\("
)
_IMPORT = re.compile(
    r"(?:import|from|export|use|using|#include)\b[ \t]*(?=\S)|(?:const|let|var)\s.*?=\s*require\("
)
_NOT_CALLED = re.compile(
    r"(?:if|elif|while|for|switch|match|catch|return|and|or|not|in|function)\Z"
)
_TOKEN = re.compile(r"""\"(?:\\.|[^"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*'|[()\[\]{},]""")
_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_TRAILING = re.compile(r"[\s;,:{]*\Z")


@dataclass(frozen=True)
class Blank:
    """The piece `text[start:end]` to complete; the cursor stands at `start`."""

    start: int
    end: int
    kind: Kind


def sample_blanks(
    text: str, *, rng: random.Random, n: int, kinds: Sequence[Kind] = ALL
) -> list[Blank]:
    """`n` different blanks of `text`, each of a kind drawn evenly from `kinds`.

    Fewer if the text does not hold that many; a kind that it does not hold counts as a miss.
    No blank is white space alone, and none starts or ends in the middle of a CRLF.
    The same `rng` state gives the same blanks, in the order of drawing.
    """
    layout = Layout.of(text)
    if layout.empty:
        return []
    blanks: dict[tuple[int, int], Blank] = {}
    for _ in range(n * _ATTEMPTS):
        if len(blanks) >= n:
            break
        kind = kinds[rng.randrange(len(kinds))]
        span = _draw(layout, kind, rng)
        if span is not None:
            blanks.setdefault(span, Blank(*span, kind))
    return list(blanks.values())


def _draw(layout: Layout, kind: Kind, rng: random.Random) -> tuple[int, int] | None:
    span = _DRAW[kind](layout, rng)
    if span is None:
        return None
    start, end = span
    return span if start < end and not layout.text[start:end].isspace() else None


def _rest(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """From a random character of a line, often the middle of a word, to its end."""
    line = layout.draw_line(rng)
    start, end = layout.says(line)
    return (rng.randrange(start + 1, end), end) if end - start > 1 else None


def _line(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """A line after its indentation: the cursor stands where the editor puts it after Enter."""
    return layout.says(layout.draw_line(rng))


def _lines(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """Two lines or more: a Poisson variable decides how many more."""
    first = layout.draw_line(rng)
    last = layout.last_saying(min(first + 1 + _poisson(rng, 1.5), len(layout.starts) - 1))
    return (layout.says(first)[0], layout.says(last)[1]) if last > first else None


def _expression(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """The inside of a pair of brackets, or the value behind `=`, `return` and their like."""
    start, end = layout.says(layout.draw_line(rng))
    openers = list(_OPENER.finditer(layout.text, start, end))
    if not openers:
        return None
    opener = openers[rng.randrange(len(openers))]
    inside = opener.end()
    if opener.group() in "([{":
        closed = _closing(layout.text, inside)
        return None if closed is None else (inside, closed)
    return (inside, _value_end(layout.text, inside, end))


def _call(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """A call from its name, with the objects it is reached through, to its closing bracket."""
    call = _draw_call(layout, rng)
    closed = None if call is None else _closing(layout.text, call.end())
    return None if call is None or closed is None else (call.start(), closed + 1)


def _arguments(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """The arguments of a call, from one of them on."""
    call = _draw_call(layout, rng)
    closed = None if call is None else _closing(layout.text, call.end())
    if call is None or closed is None:
        return None
    starts = [call.end()]
    while (after := _value_end(layout.text, starts[-1], closed)) < closed:
        starts.append(after + 1)
    return (starts[rng.randrange(len(starts))], closed)


def _draw_call(layout: Layout, rng: random.Random) -> re.Match[str] | None:
    start, end = layout.says(layout.draw_line(rng))
    calls = [c for c in _CALL.finditer(layout.text, start, end) if not _NOT_CALLED.match(c[1])]
    return calls[rng.randrange(len(calls))] if calls else None


def _import(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """The names of an import, from its keyword on or from one of its words on."""
    start, end = layout.says(layout.draw_line(rng))
    keyword = _IMPORT.match(layout.text, start, end)
    if keyword is None:
        return None
    words = [m.start() for m in re.compile(r"(?<!\w)\w").finditer(layout.text, keyword.end(), end)]
    return (rng.choice([keyword.end(), *words]), end)


def _closing(text: str, start: int) -> int | None:
    """The offset of the bracket that closes the one before `start`, strings skipped."""
    depth = 1
    for match in _TOKEN.finditer(text, start, start + MAX_EXPRESSION):
        depth += _DEPTH.get(match.group(), 0)
        if depth == 0:
            return match.start()
    return None


def _value_end(text: str, start: int, end: int) -> int:
    """The end of the value at `start`: a comma, a foreign closing bracket or the line's end."""
    depth = 0
    for match in _TOKEN.finditer(text, start, end):
        depth += _DEPTH.get(match.group(), 0)
        if depth < 0 or (depth == 0 and match.group() == ","):
            return match.start()
    trailing = _TRAILING.search(text, start, end)
    return trailing.start() if trailing else end


def _span(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """Between two random characters, lengths spread evenly on a logarithmic scale."""
    start, end = layout.says(layout.draw_line(rng))
    start = rng.randrange(start, end)
    end = start + round(math.exp(rng.uniform(math.log(2), math.log(MAX_SPAN))))
    end = min(end, layout.says(layout.last_saying(len(layout.starts) - 1))[1])
    return (start, end - 1 if layout.text[end - 1 : end + 1] == "\r\n" else end)


def _block(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """All the lines under a line that are indented more than it."""
    return _draw_block(layout, rng, [b for b in layout.blocks if b.n_lines <= MAX_BLOCK_LINES])


def _body(layout: Layout, rng: random.Random) -> tuple[int, int] | None:
    """The body of a function, after its docstring."""
    bodies = [b for b in layout.blocks if b.is_body and b.n_lines <= MAX_BODY_LINES]
    return _draw_block(layout, rng, bodies)


def _draw_block(
    layout: Layout, rng: random.Random, blocks: Sequence[Block]
) -> tuple[int, int] | None:
    if not blocks:
        return None
    block = blocks[rng.randrange(len(blocks))]
    return (layout.says(block.first)[0], layout.says(block.last)[1])


def _poisson(rng: random.Random, mean: float) -> int:
    """Knuth's multiplication of uniform variables: fine for small means."""
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= rng.random()
    return count


_DRAW: dict[Kind, Callable[[Layout, random.Random], tuple[int, int] | None]] = {
    "rest": _rest,
    "line": _line,
    "lines": _lines,
    "expression": _expression,
    "call": _call,
    "arguments": _arguments,
    "import": _import,
    "span": _span,
    "block": _block,
    "body": _body,
}
