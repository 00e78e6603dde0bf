"""Rules against text that says again what is already there, or what it has just said itself.

Each rule returns how many characters of the text to keep; it keeps all that it does not object to.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from sidelong.engine.trim.around import PUNCTUATION, Around
from sidelong.engine.trim.bounds import covered
from sidelong.engine.trim.lines import Line, lines_of

_LONGEST_PERIOD = 3
_LONGEST_UNIT = 40
_LOOP = re.compile(rf"(.{{1,{_LONGEST_UNIT}}}?)\1{{3,}}")
_BLANK_RUN = re.compile(r"\n(?:[ \t]*\n){3}")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"\w")
_END = re.compile(r"#?\s*(?:end\w*|fi|done|esac|od)\b", re.IGNORECASE)
_END_TAG = re.compile(r"</([\w:.-]*)")
_MARKS = (("/*", "*/"), ("<!--", "-->"))
_FENCES = ('"""', "'''", "```", "~~~")
_LOOP_LENGTH = {True: 40, False: 80}  # by whether it holds letters: rows of zeros are data


def repetition(text: str, around: Around) -> int:
    """The same one to three lines three times over, or a run of blank lines."""
    blank = _BLANK_RUN.search(text)
    keep = blank.start() if blank else len(text)
    lines = around.lines(text)
    for period in range(1, _LONGEST_PERIOD + 1):
        for i in range(len(lines) - 3 * period + 1):
            unit = lines[i : i + period]
            again = lines[i + period : i + 3 * period]
            if unit * 2 == again and _says_something(unit):
                keep = min(keep, lines[i + period].start)
    return keep


def loop(text: str, around: Around) -> int:
    """The same piece of a line over and over."""
    start = 0
    for line in text.split("\n"):
        keep = _loop_in_line(line)
        if keep < len(line):
            return start + keep
        start += len(line) + 1
    return len(text)


def ends_in_loop(text: str) -> bool:
    """True if `loop` will object to the last line of a growing text; cheaper than asking it."""
    line = text[text.rfind("\n") + 1 :]
    if len(line) < _LOOP_LENGTH[True]:
        return False
    sizes = range(1, _LONGEST_UNIT + 1)
    return any(line.endswith(line[-n:] * 4) for n in sizes) and _loop_in_line(line) < len(line)


def _loop_in_line(line: str) -> int:
    if len(line) < _LOOP_LENGTH[True]:
        return len(line)
    for match in _LOOP.finditer(line):
        unit, length = match.group(1), match.end() - match.start()
        if _WORD.search(unit) and length >= _LOOP_LENGTH[_LETTER.search(unit) is not None]:
            return match.end(1)
    return len(line)


def line_above(text: str, around: Around) -> int:
    """The line above again, or several lines above again."""
    lines, above = around.lines(text), around.lines_before(text)
    for n in range(1, min(len(lines), len(above)) + 1):
        if lines[:n] == above[len(above) - n :] and _says_something(lines[:n]):
            return lines[0].start
    return len(text)


def lines_below(text: str, around: Around) -> int:
    """Lines that are the ones below the cursor."""
    if around.line_after.strip():
        return len(text)
    lines = around.lines(text)
    for i, line in enumerate(lines):
        n = _common(lines[i:], around.below)
        if n and _says_something(lines[i : i + n]):
            return line.start
    return len(text)


def line_below(text: str, around: Around) -> int:
    """Last lines that are the first ones below the cursor, however short.

    Not one that closes what the text itself has opened.
    """
    if around.line_after.strip():
        return 0 if _makes_line_below(text, around) else len(text)
    lines = around.lines(text)
    for i, line in enumerate(lines):
        same = lines[i:] == list(around.below[: len(lines) - i])
        if same and not line.closes and not _closes(line, text[: line.start], lines[:i]):
            return line.start
    return len(text)


def _makes_line_below(text: str, around: Around) -> bool:
    """True if the cursor's line, with `text` and what is left behind it, is the line below."""
    rest = around.line_after[covered(text, around) :]
    made = list(lines_of(around.line_before + text + rest))
    return len(made) == 1 and made == list(around.below[:1]) and made[0].telling


def _closes(line: Line, text: str, lines: Sequence[Line]) -> bool:
    """True if `line` closes what `text`, the `lines` above it, opens: without brackets."""
    if _END.match(line.said):
        return any(line.width == a.width < b.width for a, b in pairwise(lines))
    if tag := _END_TAG.match(line.said):
        return text.count(f"<{tag[1]}") > text.count(f"</{tag[1]}")
    for opener, closer in _MARKS:
        if line.said.startswith(closer):
            return text.rfind(opener) > text.rfind(closer)
    if line.said[:3] in _FENCES:
        return text.count(line.said[:3]) % 2 == 1
    return re.search(rf"<<[-~]?[ \t]?[\"']?{re.escape(line.said)}\b", text) is not None


def _common(lines: Sequence[Line], others: Sequence[Line]) -> int:
    """The number of lines that both start with."""
    n = 0
    for a, b in zip(lines, others, strict=False):
        if a != b:
            break
        n += 1
    return n


def _says_something(lines: Sequence[Line]) -> bool:
    return any(line.telling for line in lines)


def same_as_after(text: str, around: Around) -> int:
    """Nothing but what stands after the cursor anyway."""
    if _WORD.search(text) and around.after.startswith(text.rstrip()):
        return 0
    return len(text)


def end_of_line(text: str, around: Around) -> int:
    """A last line that ends with what stands after the cursor on its line.

    The whole of it, or so much of it that it is no coincidence, cut between words.
    """
    rest = around.line_after.rstrip()
    if PUNCTUATION.issuperset(rest):
        return len(text)  # which is replaced rather than cut: see `bounds.covered`
    for n in range(min(len(rest), len(text)), 0, -1):
        if text.endswith(rest[:n]) and (n == len(rest) or _no_coincidence(text, rest, n)):
            return len(text) - n
    return len(text)


def _no_coincidence(text: str, rest: str, n: int) -> bool:
    first = len(text) - n
    splits_ours = first > 0 and text[first - 1].isalnum() and text[first].isalnum()
    splits_theirs = rest[n - 1].isalnum() and rest[n].isalnum()
    return n >= 3 and not splits_ours and not splits_theirs and _LETTER.search(rest[:n]) is not None
