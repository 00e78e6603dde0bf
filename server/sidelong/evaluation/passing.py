"""Function bodies judged by the project's own tests.

Only bodies that the tests notice count: each is first replaced by one that cannot work.
The caller runs the tests.
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
"""By language, a body that compiles and cannot work; other languages get an empty body."""

_OF_TESTS = re.compile(
    r"(^|/)(tests?|__tests__|specs?)/|(^|/)(test_[^/]*|conftest|[^/]*_test|[^/]*[.](test|spec))[.]\w+$"
)
"""Paths of tests, by the conventions of pytest, Go, Rust, Java and JavaScript."""

Test = Callable[[str, str], bool | None]
"""True if the tests pass while the file of this path holds this text; None if out of time."""


@dataclass(frozen=True)
class Verdict:
    """The tests' verdict on one function body."""

    case: Case
    noticed: bool
    """True if the tests fail without the body; if they do not, nothing else was tried."""
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
    """The share of exact matches, of the same bodies."""


@dataclass(frozen=True)
class PassSummary:
    """The pass rates, and the bodies they were counted on."""

    command: str
    timeout_s: float
    wanted: int
    """Function bodies among the blanks, the tests' own left out."""
    judged: int
    unnoticed: int
    """Bodies that the tests do not miss; these and the judged ones are all that were tried."""
    timed_out: int
    """Completions that were not done in time."""
    rows: tuple[PassRow, ...]

    @property
    def partial(self) -> bool:
        """True if some were not tried."""
        return self.judged + self.unnoticed < self.wanted


def bodies(trials: Iterable[Trial]) -> list[Trial]:
    """The trials of function bodies, those of tests left out: a test that checks nothing passes."""
    return [
        trial
        for trial in trials
        if trial.case.blank.kind == "body" and not _OF_TESTS.search(trial.case.file.path)
    ]


def verdicts(trials: Iterable[Trial], test: Test) -> Iterator[Verdict]:
    """The verdict on each trial, as soon as it is known."""
    for trial in trials:
        yield judge(trial, test)


def judge(trial: Trial, test: Test) -> Verdict:
    """Try a body that cannot work and, if that is noticed, the text of each mode.

    The whole text counts, as if somebody had accepted it. The same text is tried once, and the
    target not at all.
    """
    case = trial.case
    known: dict[str, bool | None] = {case.target: True}

    def passes(text: str) -> bool | None:
        if text not in known:
            known[text] = test(case.file.path, with_body(case, text))
        return known[text]

    if passes(_BROKEN.get(case.file.language, "")):
        return Verdict(case, noticed=False, passed={})
    results = {mode: passes(each.text) for mode, each in trial.completions.items()}
    return Verdict(
        case,
        noticed=True,
        passed={mode: bool(passed) for mode, passed in results.items()},
        timed_out=frozenset(mode for mode, passed in results.items() if passed is None),
    )


def with_body(case: Case, text: str) -> str:
    """The file with `text` in place of the blank."""
    whole, blank = case.file.text, case.blank
    return whole[: blank.start] + text + whole[blank.end :]


def summarise_passing(
    made: Sequence[Verdict], trials: Sequence[Trial], *, command: str, timeout_s: float
) -> PassSummary:
    """The pass rates from the verdicts on the bodies of `trials`."""
    of_case = {trial.case: trial for trial in bodies(trials)}
    noticed = [verdict for verdict in made if verdict.noticed]
    modes = list(trials[0].completions)
    return PassSummary(
        command=command,
        timeout_s=timeout_s,
        wanted=len(of_case),
        judged=len(noticed),
        unnoticed=len(made) - len(noticed),
        timed_out=sum(len(verdict.timed_out) for verdict in made),
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
    """The bodies that were tried and those that were left out, in a sentence."""
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
