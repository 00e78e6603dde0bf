"""`sidelong eval --test-command`: the copy, its first run, progress, and Ctrl-C."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath

from rich.console import Group, RenderableType
from rich.text import Text

from sidelong.cli.bars import Counter, Patience
from sidelong.cli.eval.tables import interval
from sidelong.cli.parser import positive
from sidelong.cli.source import project_files
from sidelong.cli.terminal import Figures
from sidelong.errors import SidelongError
from sidelong.evaluation.passing import (
    PassSummary,
    Verdict,
    bodies,
    sentence,
    summarise_passing,
    verdicts,
)
from sidelong.evaluation.project_tests import ProjectCopy, Ran, copied
from sidelong.evaluation.run import Trial

FIRST_S = 600.0
"""The limit on the tests of the untouched copy, without --test-timeout."""
_LINES = 12


class TestCommandError(SidelongError):
    """The tests fail in an untouched copy, so they cannot tell a right body from a wrong one."""

    __test__ = False


def add_test_options(parser: ArgumentParser) -> None:
    """The options that have function bodies judged by the project's own tests."""
    parser.add_argument(
        "--test-command",
        metavar="COMMAND",
        help="judge function bodies by this command too; it RUNS CODE THAT THE MODEL WROTE, with "
        "your rights, in a temporary copy of what git does not ignore",
    )
    parser.add_argument(
        "--test-timeout",
        type=positive,
        metavar="S",
        help="seconds one run may take (default: 10 and three times the first, untouched one)",
    )


class ProjectTests:
    """A copy whose tests pass, and the time limit on one run of them."""

    def __init__(self, copy: ProjectCopy, timeout_s: float) -> None:
        self._copy = copy
        self._timeout_s = timeout_s

    def judge(self, trials: Sequence[Trial], *, partial: bool) -> tuple[list[Verdict], PassSummary]:
        """Judge the function bodies among the trials; Ctrl-C leaves the verdicts made by then.

        Nothing is judged if the trials themselves were interrupted.
        """
        wanted = bodies(trials)
        made = [] if partial else self._collect(wanted)
        summary = summarise_passing(
            made, trials, command=self._copy.command, timeout_s=self._timeout_s
        )
        return made, summary

    def _collect(self, wanted: Sequence[Trial]) -> list[Verdict]:
        made: list[Verdict] = []
        with Counter("Testing", unit="bodies", total=len(wanted)) as bar:
            try:
                for verdict in verdicts(wanted, self._test):
                    made.append(verdict)
                    bar.advance(PurePosixPath(verdict.case.file.path).name)
            except KeyboardInterrupt:
                pass  # the verdicts made by then are reported as partial
        return made

    def _test(self, path: str, text: str) -> bool | None:
        ran = self._copy.run_with(path, text, self._timeout_s)
        return None if ran.timed_out else ran.passed


@contextmanager
def project_tests(args: Namespace) -> Iterator[ProjectTests | None]:
    """The tests that --test-command names, in a copy of the project; None without the option.

    Raises `TestCommandError` if they fail in the untouched copy.
    """
    command = args.test_command
    if command is None:
        yield None
        return
    root = args.folder.resolve()
    print(
        f"sidelong: `{command}` will run code that the model writes, with your rights, in a "
        "temporary copy of the project.",
        file=sys.stderr,
    )
    with ExitStack() as stack, _ended_by_signals():
        with Patience("Copying the project", unit="files") as bar:
            files = project_files(root)
            copy = stack.enter_context(copied(root, files, command, on_file=bar.advance))
        with Patience(f"Running {command} on the untouched copy"):
            first = copy.run(float(args.test_timeout or FIRST_S))
        if not first.passed:
            print(*first.output.splitlines()[-_LINES:], sep="\n", file=sys.stderr)
            raise TestCommandError(_why_not(command, first))
        yield ProjectTests(copy, float(args.test_timeout or 10 + 3 * first.seconds))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A SIGTERM, or a closed terminal, ends the command too and removes the copy.

    A signal that is ignored stays ignored: `nohup` goes on when the terminal is closed.
    """

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _why_not(command: str, ran: Ran) -> str:
    what = (
        f"was not done in {ran.seconds:.0f} s (--test-timeout gives it longer)"
        if ran.timed_out
        else "fails"
    )
    return (
        f"`{command}` {what} in an untouched copy of the project, so it cannot judge what the "
        "model writes. The copy holds what git does not ignore and has no .git; programs come "
        "from your PATH. Give a command that passes there; what it said last stands above."
    )


def render(summary: PassSummary) -> RenderableType:
    """The pass rates as a table for the terminal."""
    table = Figures()
    table.add_column("function bodies", no_wrap=True)
    for name in ("judged", "tests pass", "exact"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in summary.rows:
        table.add_row(row.mode, str(row.n), interval(row.passed), interval(row.exact))
    return Group(table, Text(), Text(sentence(summary)))
