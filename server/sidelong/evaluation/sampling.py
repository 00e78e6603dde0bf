"""Blanks of a workspace, the same number of every kind, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from sidelong.evaluation.blanks import Kind
from sidelong.evaluation.cases import Case, File, sample_cases

KINDS: Final[tuple[Kind, ...]] = ("line", "lines", "call", "body")
"""People wait for these: one line, several lines, a call of the workspace's own, a function."""

_DEFINED = re.compile(
    r"\b(?:def|class|func|function|fn|struct|interface|type|enum|trait|record)\s+([^\W\d]\w*)"
)
_CALLED = re.compile(r"(\w+)\(")
_SPARE = 10
"""So many times more calls are drawn than wanted, since most call something from elsewhere."""


def sample(
    files: Iterable[File], *, n: int, seed: int, kinds: Sequence[Kind] = KINDS
) -> list[Case]:
    """`n` blanks, as many of each kind; the kinds take turns, so a part is a fair sample too.

    Fewer if the files do not hold that many.
    """
    order = sorted(files, key=lambda file: file.path)
    each = -(-n // len(kinds))
    drawn = [_of_kind(order, kind, n=each, seed=seed) for kind in kinds]
    turns = [cases[i] for i in range(each) for cases in drawn if i < len(cases)]
    return turns[:n]


def _of_kind(files: Sequence[File], kind: Kind, *, n: int, seed: int) -> list[Case]:
    rng = random.Random(f"{seed} {kind}")
    # Laying out every file of a large workspace for a few blanks would take minutes.
    some = rng.sample(files, min(len(files), n * _SPARE))
    if kind != "call":
        return sample_cases(some, n=n, seed=seed, kinds=[kind])
    calls = sample_cases(some, n=n * _SPARE, seed=seed, kinds=[kind])
    defined = definitions(files)
    return [case for case in calls if _calls_one_of(case.target, defined)][:n]


def definitions(files: Iterable[File]) -> frozenset[str]:
    """Every name that the files define with a keyword: functions, methods, classes, types."""
    return frozenset(name for file in files for name in _DEFINED.findall(file.text))


def _calls_one_of(call: str, names: Collection[str]) -> bool:
    name = _CALLED.search(call)
    return name is not None and name[1] in names
