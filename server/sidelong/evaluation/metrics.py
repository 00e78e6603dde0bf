"""Scores of a completion against its target, as RepoEval and CrossCodeEval count them.

Every score is in 0..1; the papers print percent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from sidelong.evaluation.keywords import KEYWORDS

_STRING = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_IDENTIFIER = re.compile(r"\b[^\W\d]\w*")


def _code_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def first_lines(text: str, n: int) -> str:
    """The first `n` lines of `text`, without the last one's end."""
    return "\n".join(text.split("\n")[:n])


def counted(text: str, target: str, *, covered: str = "") -> str:
    """The part of a completion that is scored: as many lines as the target has, nothing repeated.

    RepoEval cuts so; otherwise an engine that goes on to the next line would be wrong on every
    single line. `covered` is the code after the cursor that the completion replaces. The completion
    repeats it at its own end or, where it opens a block, at the end of its first line: `x)` over
    `)` adds `x`.
    """
    added = text.removesuffix(covered)
    cut = first_lines(added, target.count("\n") + 1)
    return cut if added != text else cut.removesuffix(covered)


def exact_match(prediction: str, target: str) -> bool:
    """True if both have the same lines, blank lines and white space at line ends aside.

    This is CrossCodeEval's; RepoEval also forgives lines after the target's last one.
    """
    return _code_lines(prediction) == _code_lines(target)


def edit_similarity(prediction: str, target: str) -> float:
    """CrossCodeEval's edit similarity: `fuzz.ratio` of the stripped texts, not rounded.

    The ratio is twice the length of the longest common subsequence over the sum of both lengths.
    Two empty texts are alike (1.0).
    """
    return fuzz.ratio(prediction.strip(), target.strip()) / 100


@dataclass(frozen=True)
class Score:
    """A completion against its target."""

    counted: str
    """The part of the completion that is scored."""
    exact: bool
    edit_similarity: float


def score(text: str, target: str, *, covered: str = "") -> Score:
    """The score of a completion that replaces `covered` after the cursor."""
    part = counted(text, target, covered=covered)
    return Score(part, exact_match(part, target), edit_similarity(part, target))


def repoeval_edit_similarity(prediction: str, target: str) -> float:
    """RepoEval's (and Repoformer's) edit similarity: 1 - Levenshtein / length of the longer text.

    Lines are stripped, blank ones dropped, and the prediction cut to the target's number of lines.
    """
    wanted = _code_lines(target)
    got = _code_lines(prediction)[: len(wanted)]
    return Levenshtein.normalized_similarity("\n".join(got), "\n".join(wanted))


def identifiers(code: str, language: str) -> list[str]:
    """The identifiers of `code` in order, keywords and the contents of strings left out."""
    words = _IDENTIFIER.findall(_STRING.sub("", code))
    reserved = KEYWORDS.get(language, frozenset())
    return [word for word in words if word not in reserved]


@dataclass(frozen=True)
class IdentifierMatch:
    """CrossCodeEval's identifier scores: the same names in the same order; F1 of the two sets."""

    exact: bool
    f1: float


def identifier_match(prediction: str, target: str, *, language: str) -> IdentifierMatch:
    """The agreement of the prediction's identifiers with the target's; none and none agree."""
    got, wanted = identifiers(prediction, language), identifiers(target, language)
    common = len(set(got) & set(wanted))
    total = len(set(got)) + len(set(wanted))
    return IdentifierMatch(exact=got == wanted, f1=2 * common / total if total else 1.0)


@dataclass(frozen=True)
class Interval:
    """A mean with its bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: Sequence[float], *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """The percentile bootstrap of the mean; NaN throughout when there are no values.

    Works in slices, so that memory stays bounded whatever the number of values.
    """
    data = np.asarray(values, dtype=np.float64)
    if data.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    step = max(1, 2_000_000 // data.size)
    sizes = [min(step, resamples - i) for i in range(0, resamples, step)]
    draws = (rng.integers(0, data.size, size=(n, data.size)) for n in sizes)
    means = np.concatenate([data[draw].mean(axis=1) for draw in draws])
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(data.mean()), float(low), float(high))
