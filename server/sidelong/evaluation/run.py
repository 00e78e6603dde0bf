"""Completing blanks of files held in memory, each in several modes of retrieval.

The caller brings the engine as a function, the files and their snapshot; scores are `metrics`'.
Nothing is written anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from sidelong.engine import Answer, Decision, Request, Tokens
from sidelong.evaluation.blanks import Blank, Kind, sample_blanks
from sidelong.evaluation.metrics import (
    IdentifierMatch,
    edit_similarity,
    exact_match,
    first_lines,
    identifier_match,
    repoeval_edit_similarity,
    scored,
)
from sidelong.settings import Settings
from sidelong_index import Exclusion, Hit, Snapshot, query_around

Mode = Literal["never", "always", "greedy", "threshold"]
MODES: tuple[Mode, ...] = ("never", "always", "greedy", "threshold")
MOST_CHARACTERS = 200_000  # a longer file is generated or data, and costs more than it tells


class Complete(Protocol):
    """The engine: answers a request, with chunks of `snapshot` outside of `exclude`."""

    def __call__(
        self, request: Request, *, snapshot: Snapshot | None, exclude: Exclusion
    ) -> Answer: ...


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
        """What stands in the blank."""
        return self.file.text[self.blank.start : self.blank.end]

    @property
    def text(self) -> str:
        """The document without what stands in the blank."""
        return self.file.text[: self.blank.start] + self.file.text[self.blank.end :]

    @property
    def exclusion(self) -> Exclusion:
        """What must not be retrieved, in the lines of the whole file, which the snapshot knows:
        the blank itself and the lines around it that are the query."""
        first, _ = query_around(self.file.text, self.blank.start)[1]
        _, last = query_around(self.file.text, self.blank.end)[1]
        return Exclusion(self.file.path, first, last)


@dataclass(frozen=True)
class Outcome:
    """How one blank was completed in one mode."""

    path: str
    blank: Blank
    mode: Mode
    text: str
    """The document's text in place of the blank, what it repeats of the text behind cut off."""
    target: str
    exact: bool
    """This and the other scores are of as many lines of the text as the target has."""
    edit_similarity: float
    first_line: bool
    """Whether the first line is right: what an early end of a long completion leaves fair."""
    identifiers: IdentifierMatch
    repoeval_similarity: float
    """Edit similarity as RepoEval counts it."""
    gate: Decision
    chunks: tuple[Hit, ...]
    tokens: Tokens
    ms: Mapping[str, float]

    @property
    def total_ms(self) -> float:
        """All stages together."""
        return sum(self.ms.values())


@dataclass(frozen=True)
class Trial:
    """One blank, completed in every mode."""

    case: Case
    outcomes: Mapping[Mode, Outcome]


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


def evaluate(
    cases: Iterable[Case],
    *,
    snapshot: Snapshot | None,
    complete: Complete,
    modes: Sequence[Mode] = MODES,
    settings: Settings | None = None,
) -> Iterator[Outcome]:
    """Complete each case in each mode, in this order; one outcome as soon as it is there.

    What a mode costs on its own shows only where the engine keeps nothing from one request to
    the next, as `engine.ColdEngine` does.
    """
    for case in cases:
        yield from _outcomes(case, snapshot, complete, modes, settings)


def trials(
    cases: Iterable[Case],
    *,
    snapshot: Snapshot | None,
    complete: Complete,
    modes: Sequence[Mode] = MODES,
    settings: Settings | None = None,
    turn: int = 0,
) -> Iterator[Trial]:
    """`evaluate`, one trial as soon as all of its modes are there.

    Each case begins with another mode than the last, the first with that of `turn`, so that what
    the engine may keep apart from the KV cache (tokenised lines) helps all modes alike.
    """
    for i, case in enumerate(cases, turn):
        first = i % len(modes)
        turned = (*modes[first:], *modes[:first])
        found = {o.mode: o for o in _outcomes(case, snapshot, complete, turned, settings)}
        yield Trial(case, {mode: found[mode] for mode in modes})


def _outcomes(
    case: Case,
    snapshot: Snapshot | None,
    complete: Complete,
    modes: Sequence[Mode],
    settings: Settings | None,
) -> Iterator[Outcome]:
    base = settings or Settings(min_probability=0.0)
    for mode in modes:
        request = question(case, in_mode(base, mode))
        answer = complete(request, snapshot=snapshot, exclude=case.exclusion)
        yield outcome(case, mode, answer)


def question(case: Case, settings: Settings) -> Request:
    """What is asked of the engine about a blank."""
    return Request(
        path=case.file.path,
        language=case.file.language,
        text=case.text,
        offset=case.blank.start,
        settings=settings,
        project=case.file.project,
        id=f"{case.file.path}:{case.blank.start}:{settings.retrieval}",
    )


def in_mode(settings: Settings, mode: Mode) -> Settings:
    """The settings with the mode's way to decide; the threshold stays."""
    if mode == "never" or mode == "always":
        return replace(settings, retrieval=mode)
    return replace(settings, retrieval="auto", rule=mode)


def outcome(case: Case, mode: Mode, answer: Answer) -> Outcome:
    """Score an answer against what stood there."""
    covered = case.file.text[case.blank.end :][: answer.replace_after]
    shown = scored(answer.text, case.target, covered=covered)
    return Outcome(
        path=case.file.path,
        blank=case.blank,
        mode=mode,
        text=answer.text.removesuffix(covered),
        target=case.target,
        exact=exact_match(shown, case.target),
        edit_similarity=edit_similarity(shown, case.target),
        first_line=exact_match(first_lines(shown, 1), first_lines(case.target, 1)),
        identifiers=identifier_match(shown, case.target, language=case.file.language),
        repoeval_similarity=repoeval_edit_similarity(shown, case.target),
        gate=answer.gate,
        chunks=answer.chunks,
        tokens=answer.tokens,
        ms=answer.ms,
    )
