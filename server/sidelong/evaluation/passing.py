"""Function bodies judged by the project's own tests: which completions the tests let pass.

Only bodies that the tests notice count: each is first replaced by one that cannot work.
Where and how tests run is the caller's; completing is `run`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sidelong.evaluation.cases import Case
from sidelong.evaluation.metrics import Interval, bootstrap_interval
from sidelong.evaluation.run import Mode, Trial

_BROKEN: Mapping[str, str] = {
    "c": "__builtin_trap();",
    "cpp": "__builtin_trap();",
    "csharp": 'throw new System.Exception("not written");',
    "go": 'panic("not written")',
    "java": 'throw new RuntimeException("not written");',
    "javascript": 'throw new Error("not written");',
    "javascriptreact": 'throw new Error("not written");',
    "php": 'throw new \\Exception("not written");',
    "python": "raise NotImplementedError",
    "ruby": 'raise "not written"',
    "rust": 'panic!("not written");',
    "typescript": 'throw new Error("not written");',
    "typescriptreact": 'throw new Error("not written");',
}
"""By language, a body that compiles and cannot work; elsewhere the body is left out."""

_OF_TESTS = re.compile(
    r"(^|/)(tests?|__tests__|specs?)/|(^|/)(test_[^/]*|conftest|[^/]*_test|[^/]*[.](test|spec))[.]\w+$"
)
"""Paths where tests lie, by the habits of pytest, Go, Rust, Java and JavaScript."""

Test = Callable[[str, str], bool | None]
"""Whether the tests pass while the file of this path holds this text; None if out of time."""


@dataclass(frozen=True)
class Verdict:
    """What the tests say of one function body."""

    case: Case
    noticed: bool
    """Whether they fail without it; where they do not, nothing else was tried."""
    passed: Mapping[Mode, bool]
    timed_out: frozenset[Mode] = frozenset()
    """The modes whose text was not done in time; they have not passed."""


@dataclass(frozen=True)
class PassRow:
    """One mode on the bodies that the tests notice."""

    mode: Mode
    n: int
    passed: Interval
    exact: Interval
    """The share that is exactly what stood there, of the same bodies."""


@dataclass(frozen=True)
class PassSummary:
    """How often the tests pass."""

    command: str
    timeout_s: float
    wanted: int
    """Function bodies among the blanks, the tests' own left out."""
    judged: int
    unnoticed: int
    """Bodies that the tests do not miss; these and those judged are all that were tried."""
    timed_out: int
    """Completions that were not done in time."""
    rows: tuple[PassRow, ...]

    @property
    def partial(self) -> bool:
        """Whether some were not tried."""
        return self.judged + self.unnoticed < self.wanted


def bodies(trials: Iterable[Trial]) -> list[Trial]:
    """Those of function bodies, but of the tests' own: a test that checks nothing passes."""
    return [
        trial
        for trial in trials
        if trial.case.blank.kind == "body" and not _OF_TESTS.search(trial.case.file.path)
    ]


def verdicts(trials: Iterable[Trial], test: Test) -> Iterator[Verdict]:
    """What the tests say of each trial, as soon as it is known."""
    for trial in trials:
        yield judge(trial, test)


def judge(trial: Trial, test: Test) -> Verdict:
    """Try a body that cannot work and, if that is noticed, what each mode wrote.

    The whole text counts, as if somebody had accepted it; the same text is tried once, and what
    stood there not at all.
    """
    case = trial.case
    known: dict[str, bool | None] = {case.target: True}

    def passes(text: str) -> bool | None:
        if text not in known:
            known[text] = test(case.file.path, with_body(case, text))
        return known[text]

    if passes(_BROKEN.get(case.file.language, "")):
        return Verdict(case, noticed=False, passed={})
    said = {mode: passes(completion.text) for mode, completion in trial.completions.items()}
    return Verdict(
        case,
        noticed=True,
        passed={mode: bool(passed) for mode, passed in said.items()},
        timed_out=frozenset(mode for mode, passed in said.items() if passed is None),
    )


def with_body(case: Case, text: str) -> str:
    """The file with `text` in place of the blank."""
    whole, blank = case.file.text, case.blank
    return whole[: blank.start] + text + whole[blank.end :]


def summarise_passing(
    found: Sequence[Verdict], trials: Sequence[Trial], *, command: str, timeout_s: float
) -> PassSummary:
    """What the verdicts on the bodies of `trials` come to."""
    of_case = {trial.case: trial for trial in bodies(trials)}
    noticed = [verdict for verdict in found if verdict.noticed]
    modes = list(trials[0].completions)
    return PassSummary(
        command=command,
        timeout_s=timeout_s,
        wanted=len(of_case),
        judged=len(noticed),
        unnoticed=len(found) - len(noticed),
        timed_out=sum(len(verdict.timed_out) for verdict in found),
        rows=tuple(
            PassRow(
                mode=mode,
                n=len(noticed),
                passed=bootstrap_interval([v.passed[mode] for v in noticed]),
                exact=bootstrap_interval(
                    [of_case[v.case].completions[mode].exact for v in noticed]
                ),
            )
            for mode in modes
        ),
    )


def sentence(summary: PassSummary) -> str:
    """What was tried and what was left out."""
    said = (
        f"`{summary.command}` judged {summary.judged} of {summary.wanted} function bodies in a "
        f"copy of the project; it does not notice when {summary.unnoticed} others are broken"
    )
    if summary.timed_out:
        said += f"; {summary.timed_out} completions were not done in {summary.timeout_s:.0f} s"
    if summary.partial:
        said += f". PARTIAL: {summary.wanted - summary.judged - summary.unnoticed} were not tried"
    if not summary.judged and summary.unnoticed:
        said += ". Does it import an installed package in place of the sources beside it?"
        return said
    return said + "."
