"""Keystrokes as measured, and the cost of each in the three settings; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sidelong.evaluation.cases import Case

Way = Literal["never", "always", "selective"]
WAYS: Final[tuple[Way, ...]] = ("never", "always", "selective")
Setting = Literal["from scratch", "at once", "one cache"]
SETTINGS: Final[tuple[Setting, ...]] = ("from scratch", "at once", "one cache")


@dataclass(frozen=True)
class Spent:
    """The cost of answering one keystroke."""

    ms: float
    read: int
    """Prompt tokens that every path which was started had to evaluate."""
    tokens: int
    """All tokens that went through the models, those written included."""


@dataclass(frozen=True)
class Paths:
    """The three processes of the published setting, each measured alone and from scratch."""

    decision: Spent
    without: Spent
    with_: Spent
    """Without the retrieval itself."""
    retrieval_ms: float


@dataclass(frozen=True)
class Stroke:
    """One keystroke in every setting."""

    paths: Paths
    at_once: Spent
    """Until the wanted one of three concurrent paths has answered."""
    one_cache: Mapping[Way, Spent]
    retrieved: bool
    """True if the model decided to retrieve."""


@dataclass(frozen=True)
class Typed:
    """The first characters of one blank, typed one by one."""

    case: Case
    strokes: tuple[Stroke, ...]
    replayed: Mapping[Way, tuple[float | None, ...]]
    """Milliseconds from each key to its answer in real time; None if the next key was faster."""


def texts(case: Case, keys: int) -> Iterator[tuple[str, int]]:
    """The document and the cursor when it comes to the blank, and after each of the first keys."""
    before, after = case.file.text[: case.blank.start], case.file.text[case.blank.end :]
    for n in range(min(keys, len(case.target)) + 1):
        typed = before + case.target[:n]
        yield typed + after, len(typed)


def spent(stroke: Stroke, setting: Setting, way: Way) -> Spent:
    """The cost of a keystroke in one setting.

    Never and always need no decision and no second path. With kept caches their cost is therefore
    the same in "at once" as in "one cache".
    """
    if setting == "one cache" or (setting == "at once" and way != "selective"):
        return stroke.one_cache[way]
    return stroke.at_once if setting == "at once" else _published(stroke, way)


def _published(stroke: Stroke, way: Way) -> Spent:
    paths = stroke.paths
    with_ = Spent(paths.retrieval_ms + paths.with_.ms, paths.with_.read, paths.with_.tokens)
    if way == "never":
        return paths.without
    if way == "always":
        return with_
    chosen = with_ if stroke.retrieved else paths.without
    started = (paths.decision, paths.without, with_)
    return Spent(
        ms=max(paths.decision.ms, chosen.ms),
        read=sum(path.read for path in started),
        tokens=sum(path.tokens for path in started),
    )
