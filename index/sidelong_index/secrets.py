"""Finds keys and tokens in text, so that they are neither indexed nor suggested.

A private key is known by its first line and what stands behind it, a service's token by the rules
in `secret_rules`, and any other token by looking random. Nothing here reads a file of the user's or
remembers anything.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from string import ascii_letters, digits
from typing import NamedTuple

import numpy as np

from sidelong_index.secret_rules import entropy, rules_by_keyword

MASK = "REDACTED"
"""Stands for a secret; a word, so that code around it still parses, in a string or not."""

_BLANK = r"(?:[ +]|%(?:25)*2[0Bb]|\\{1,8}u0020)"
"""A space, as it stands in text, in forms and addresses, and in JSON."""

_BEGIN_KEY = re.compile(
    rf"-----BEGIN(?:{_BLANK}[A-Z0-9_-]{{0,40}}){{0,6}}PRIVATE{_BLANK}KEY(?:{_BLANK}BLOCK)?-----"
    rf"|----{_BLANK}BEGIN{_BLANK}SSH2{_BLANK}(?:ENCRYPTED{_BLANK})?PRIVATE{_BLANK}KEY{_BLANK}----"
    r"|PuTTY-User-Key-File-\d+:"
)
_END_KEY = re.compile(rf"-----END|----{_BLANK}END|Private-MAC:")
_MAX_KEY = 64 * 1024
"""Characters: an RSA key of 16384 bits takes 13,000, and twice that in escapes."""

_MAX_HEADERS = 1000
"""Characters behind the first line within which a key begins."""

_LINE_END = re.compile(r"%(?:25)*0[AaDd]|\\{1,8}(?:[nrt]|u000[aAdD])")
_PLUS_OR_SLASH = re.compile(r"%(?:25)*2[BbFf]|\\{1,8}(?:/|u002[bBfF])")
_KEY_LINE = re.compile(r"[A-Za-z0-9+/]{8,}")
_MIN_KEY_TEXT = 32
_DER = re.compile(r"MII[A-Za-z0-9+/]{13}")
"""Begins most keys, however little else of them is there."""

_KEY_OF_BYTES = re.compile(r"\s*\[(?P<key>(?:\s*\d{1,3}\s*,){63}\s*\d{1,3}\s*)\]\s*")
"""Both halves of an Ed25519 key and nothing else, as Solana's tools write them."""

_MIN_RUN = 12
"""Characters without a break that a token has at least; the shortest rule asks for less."""

_BEFORE, _AFTER = 80, 20
"""Characters around such a run in which a rule's keyword may stand."""

_USER_AND_PASSWORD = re.compile(
    r"://[^\s:/@'\"`<>{}$()]{0,64}:(?=[^\s/@]{0,128}(?:[0-9]|[a-z][A-Z]|[A-Z][a-z]))"
    r"(?P<password>[^\s/@'\"`<>{}$()%\[\]]{6,128})@"
)
"""A password in small letters alone, as in `guest:guest@`, is an example or a default."""

_MIN_RANDOM, _MIN_HEX, _LONG = 20, 32, 32
"""Characters."""

_MIN_ENTROPY = 3.0
_WORD = re.compile(
    r"(?i:u?int|float|base|utf|sha)(?:8|16|32|64|128|256|512)|[A-Z]?[a-z]+|[A-Z]+|[0-9]+"
)
_PLAIN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[A-Z]?[a-z]{2,}|[A-Z]{3,}|[0-9]{4,}"
    r")(?![A-Za-z0-9])"
)
"""UUIDs, of which few are secret, and words."""

_SEPARATORS = "_-+/="
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_MAX_WORD, _MAX_WORD_OF_ONE_CASE, _MAX_HEX_WORD = 3.0, 4.5, 5.0
"""Mean length of the words that a token seems to consist of; identifiers' words are longer.

The longer the words of random characters are, the fewer kinds there are to choose from.
"""

_LONGEST_WORD = 5
_QUOTES, _ENDS = frozenset("\"'`"), frozenset("\"'`\\")

_TOKEN_CHARS = frozenset(f"{ascii_letters}{digits}{_SEPARATORS}".encode())
_BREAKS = bytes(byte not in _TOKEN_CHARS for byte in range(256))
_MAY_BE_TOKEN = re.compile(
    rb"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])|[A-Z]+\Z|(?:[^A-Z]*[A-Z]+[^A-Z]){5}"
)
"""Letters and digits, capitals alone, or many capitals: others are names or numbers."""


class Span(NamedTuple):
    """Where a secret stands in a text: characters `start` up to `end`, exclusive."""

    start: int
    end: int


def mask_secrets(text: str) -> str:
    """The text with `MASK` for each secret. Lines keep their numbers."""
    spans = secret_spans(text)
    if not spans:
        return text
    out, done = [], 0
    for start, end in spans:
        out += [text[done:start], MASK, "\n" * text.count("\n", start, end)]
        done = end
    return "".join([*out, text[done:]])


def secret_spans(text: str) -> list[Span]:
    """All secrets in a text, in order; none overlaps or touches another."""
    return _join([*_keys(text), *_passwords(text), *_tokens(text)])


def has_private_key(text: str) -> bool:
    """True if a private key stands in the text, in whatever wrapping."""
    return next(_keys(text), None) is not None


def _keys(text: str) -> Iterator[Span]:
    """Private keys without their first and last line."""
    of_bytes = _KEY_OF_BYTES.fullmatch(text)
    if of_bytes is not None:
        yield Span(*of_bytes.span("key"))
    if not ("BEGIN" in text and "PRIVATE" in text) and "PuTTY-User-Key-File" not in text:
        return
    done = 0
    while (begin := _BEGIN_KEY.search(text, done)) is not None:
        done = begin.end()
        head = text[done : done + _MAX_HEADERS]
        other = _BEGIN_KEY.search(head) or _END_KEY.search(head)
        if not _begins_key(head if other is None else head[: other.start()]):
            continue
        limit = begin.end() + _MAX_KEY
        end = _END_KEY.search(text, begin.end(), limit)
        done = end.start() if end is not None else min(limit, len(text))
        yield Span(begin.end(), done)


def _begins_key(text: str) -> bool:
    """True if the text behind a first line, in whatever wrapping, is a key's.

    The first line alone, as in source code that looks for keys, is none. Words in its alphabet may
    stand behind it, but lines of a key are equally long, and together they look random.
    """
    text = _PLUS_OR_SLASH.sub("+", _LINE_END.sub("\n", text))
    of_one_length = groupby(_KEY_LINE.findall(text), len)
    joined = ("".join(lines) for _, lines in of_one_length)
    return _DER.search(text) is not None or any(map(_is_key_text, joined))


def _is_key_text(text: str) -> bool:
    if len(text) < _MIN_KEY_TEXT or text.isalpha():
        return False
    words = _WORD.findall(text)
    return sum(map(len, words)) <= _MAX_WORD * len(words)


def _passwords(text: str) -> Iterator[Span]:
    """Passwords in addresses."""
    if "://" in text:
        yield from (Span(*found.span("password")) for found in _USER_AND_PASSWORD.finditer(text))


def _tokens(text: str) -> Iterator[Span]:
    data = text.encode("ascii", "replace")  # One byte a character, whatever the character.
    runs = list(_runs(data))
    if not runs:
        return
    yield from _known(text, data.lower(), _join(_around(runs, len(text))))
    for run in runs:
        yield from _random_parts(text, run)


def _known(text: str, lower: bytes, regions: Sequence[Span]) -> Iterator[Span]:
    """Tokens that a rule knows, in the regions that may hold one."""
    joined = b"\n".join(lower[start:end] for start, end in regions)
    for keyword, rules in rules_by_keyword().items():
        if keyword not in joined:
            continue
        for region in regions:
            places = list(_occurrences(lower, keyword, region))
            for rule in rules if places else ():
                for start, end in rule.find(text, region, places):
                    # A rule may take the escape of the quote behind for a part of the token.
                    yield Span(start, start + len(text[start:end].rstrip("\\")))


def _occurrences(lower: bytes, keyword: bytes, region: Span) -> Iterator[int]:
    at = lower.find(keyword, *region)
    while at >= 0:
        yield at
        at = lower.find(keyword, at + 1, region.end)


def _around(runs: Iterable[Span], length: int) -> Iterator[Span]:
    return (Span(max(0, start - _BEFORE), min(length, end + _AFTER)) for start, end in runs)


def _random_parts(text: str, run: Span) -> Iterator[Span]:
    """The parts of a run that look random; plain words stand between them, as in an address."""
    is_quoted = text[run.start - 1 : run.start] in _QUOTES and text[run.end : run.end + 1] in _ENDS
    start = run.start
    for word in _PLAIN.finditer(text, *run):
        yield from _if_random(text, Span(start, word.start()), is_quoted=is_quoted)
        start = word.end()
    yield from _if_random(text, Span(start, run.end), is_quoted=is_quoted)


def _if_random(text: str, span: Span, *, is_quoted: bool) -> Iterator[Span]:
    part = text[span.start : span.end]
    token = part.strip(_SEPARATORS)
    if len(token) >= _MIN_RANDOM and _is_random(token, is_quoted=is_quoted):
        start = span.start + part.index(token)
        yield Span(start, start + len(token))


def _is_random(token: str, *, is_quoted: bool) -> bool:
    """True if a token of 20 characters or more is made of no words.

    In code, letters and digits come in groups that mean something: `Parametric2DLineSeries` has
    words of 3.7 characters and one of 10, while random letters and digits have groups of 2.
    Names seldom stand in quotes, so less will do there.
    """
    if not any(map(str.isdigit, token)) or entropy(token) < _MIN_ENTROPY:
        return False
    words = [len(word) for word in _WORD.findall(token)]
    mean, longest = sum(words) / len(words), max(words)
    if token.isalnum() and (token.isupper() or token.islower()):
        if _HEX.fullmatch(token):
            return len(token) >= _MIN_HEX and mean <= _MAX_HEX_WORD
        limit = _MAX_WORD_OF_ONE_CASE * (1.5 if is_quoted else 1)
        return mean <= limit and longest < len(token) // 2
    few_separators = len(token) - sum(words) <= 1 + len(token) // (5 if is_quoted else 10)
    short = is_quoted or len(token) >= _LONG or longest <= _LONGEST_WORD
    return few_separators and short and mean <= _MAX_WORD


def _runs(data: bytes) -> Iterator[Span]:
    """Runs of a token's characters that may be one; in code, one line in 50 has such a run.

    numpy finds the long runs in 3 ms a megabyte; a regular expression takes ten times as long.
    """
    is_break = np.frombuffer(data.translate(_BREAKS), np.bool_)
    breaks = np.concatenate(([-1], np.flatnonzero(is_break), [is_break.size]))
    long = np.flatnonzero(np.diff(breaks) > _MIN_RUN)
    for start, end in zip((breaks[long] + 1).tolist(), breaks[long + 1].tolist(), strict=True):
        if _MAY_BE_TOKEN.match(data, start, end):
            yield Span(start, end)


def _join(spans: Iterable[Span]) -> list[Span]:
    """The same characters in as few spans as can be, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
