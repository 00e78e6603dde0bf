"""Cases completed in several modes of retrieval, and the completions scored.

The caller brings the engine as a function, and the snapshot; nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from sidelong.engine import Answer, Decision, Request, Tokens
from sidelong.evaluation.blanks import Blank
from sidelong.evaluation.cases import Case
from sidelong.evaluation.metrics import (
    IdentifierMatch,
    exact_match,
    first_lines,
    identifier_match,
    repoeval_edit_similarity,
    score,
)
from sidelong.settings import Settings
from sidelong_index import Exclusion, Hit, Snapshot

Mode = Literal["never", "always", "greedy", "threshold"]
MODES: tuple[Mode, ...] = ("never", "always", "greedy", "threshold")


class Complete(Protocol):
    """The engine: answers a request, with chunks of `snapshot` outside of `exclude`."""

    def __call__(
        self, request: Request, *, snapshot: Snapshot | None, exclude: Exclusion
    ) -> Answer: ...


@dataclass(frozen=True)
class Completion:
    """The completion of one blank in one mode, scored."""

    path: str
    blank: Blank
    mode: Mode
    text: str
    """The text in place of the blank, without the end that repeats the code behind."""
    target: str
    exact: bool
    """Like the other scores of as many lines of the text as the target has."""
    edit_similarity: float
    first_line: bool
    """True if the first line is right: the score that an early end of a long text leaves fair."""
    identifiers: IdentifierMatch
    repoeval_similarity: float
    """Edit similarity as RepoEval counts it."""
    gate: Decision
    chunks: tuple[Hit, ...]
    tokens: Tokens
    ms: Mapping[str, float]

    @property
    def total_ms(self) -> float:
        """The sum of all stages."""
        return sum(self.ms.values())


@dataclass(frozen=True)
class Trial:
    """One blank, completed in every mode."""

    case: Case
    completions: Mapping[Mode, Completion]


def evaluate(
    cases: Iterable[Case],
    *,
    snapshot: Snapshot | None,
    complete: Complete,
    modes: Sequence[Mode] = MODES,
    settings: Settings | None = None,
) -> Iterator[Completion]:
    """Complete each case in each mode, in this order; each completion as soon as it is there.

    The cost of a mode on its own shows only where the engine keeps nothing from one request to
    the next, as `engine.ColdEngine` does.
    """
    for case in cases:
        yield from _completions(case, snapshot, complete, modes, settings)


def trials(
    cases: Iterable[Case],
    *,
    snapshot: Snapshot | None,
    complete: Complete,
    modes: Sequence[Mode] = MODES,
    settings: Settings | None = None,
    turn: int = 0,
) -> Iterator[Trial]:
    """Complete each case in each mode; each trial as soon as all of its modes are there.

    Each case begins with another mode than the last, the first with that of `turn`. So the
    tokenised lines that an engine may keep, apart from the KV cache, help all modes alike.
    """
    for i, case in enumerate(cases, turn):
        first = i % len(modes)
        turned = (*modes[first:], *modes[:first])
        made = {c.mode: c for c in _completions(case, snapshot, complete, turned, settings)}
        yield Trial(case, {mode: made[mode] for mode in modes})


def _completions(
    case: Case,
    snapshot: Snapshot | None,
    complete: Complete,
    modes: Sequence[Mode],
    settings: Settings | None,
) -> Iterator[Completion]:
    base = settings or Settings(min_probability=0.0)
    for mode in modes:
        request = question(case, in_mode(base, mode))
        answer = complete(request, snapshot=snapshot, exclude=case.exclusion)
        yield scored(case, mode, answer)


def question(case: Case, settings: Settings) -> Request:
    """The request to the engine for a case."""
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


def scored(case: Case, mode: Mode, answer: Answer) -> Completion:
    """The answer scored against the target."""
    covered = case.after[: answer.replace_after]
    scores = score(answer.text, case.target, covered=covered)
    counted = scores.counted
    return Completion(
        path=case.file.path,
        blank=case.blank,
        mode=mode,
        text=answer.text.removesuffix(covered),
        target=case.target,
        exact=scores.exact,
        edit_similarity=scores.edit_similarity,
        first_line=exact_match(first_lines(counted, 1), first_lines(case.target, 1)),
        identifiers=identifier_match(counted, case.target, language=case.file.language),
        repoeval_similarity=repoeval_edit_similarity(counted, case.target),
        gate=answer.gate,
        chunks=answer.chunks,
        tokens=answer.tokens,
        ms=answer.ms,
    )
