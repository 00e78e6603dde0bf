"""Real editors, each run once on a script with the snippet of docs/editors.md for it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.editors.others.terminal import Terminal

ROOT = Path(__file__).parents[3]
TIMEOUT_S = float(os.environ.get("SIDELONG_TEST_TIMEOUT_S", "120"))
"""Long enough for a busy machine; nothing waits for it unless it fails."""

HABIT = """def totals(item):
    one = compute_the_total(item, tax=True)
    two = compute_the_total(item, tax=True)
    three = compute_the_total(item, tax=True)
    four = comp
"""
"""The workspace cache continues this, with any model."""
CONTINUED = HABIT.replace("comp\n", "compute_the_total(item, tax=True)\n")

WRAPPER = """#!/bin/sh
echo $$ > {tmp}/pid
exec {server} "$@" --threads 1 --log-level debug --log-file {tmp}/log
"""


@dataclass(frozen=True)
class Run:
    """One run of an editor, and what became of it."""

    tmp: Path
    terminals: list[Terminal] = field(default_factory=list)

    @property
    def file(self) -> Path:
        """The file that the editor opens, completes at the end of its last line, and writes."""
        return self.tmp / "project/habit.py"

    def editor(self, *argv: object, **env: object) -> str:
        """Run the editor to its end; what it said."""
        words = [str(word) for word in argv]
        done = subprocess.run(
            words,
            cwd=self.tmp / "project",
            env={**os.environ, **_environment(self.tmp), **{n: str(v) for n, v in env.items()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def terminal(self, *argv: object) -> Terminal:
        """Start an editor on a terminal, which is killed after the test."""
        words = [str(word) for word in argv]
        env = {**os.environ, **_environment(self.tmp), "TERM": "xterm"}
        self.terminals.append(Terminal(words, cwd=self.tmp / "project", env=env))
        return self.terminals[-1]

    def configure(self, line: str) -> None:
        """Add a line to the user's settings."""
        with Path(os.environ["SIDELONG_CONFIG"]).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    @property
    def outcomes(self) -> list[str]:
        """The outcomes of the editor's requests, in the server's words."""
        return re.findall(r"request \S+ habit\.py: (\w[\w ]*)", self.log)

    @property
    def log(self) -> str:
        """The server's log."""
        return (self.tmp / "log").read_text(encoding="utf-8")

    def is_clean(self) -> bool:
        """True once the server is gone; fails if it met errors."""
        assert not re.findall(r"^\S+ \S+ (?:WARNING|ERROR) .*", self.log, re.M)
        pid = int((self.tmp / "pid").read_text())
        deadline = time.monotonic() + TIMEOUT_S
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not Path(f"/proc/{pid}").exists()


def _environment(tmp: Path) -> dict[str, str]:
    """Folders of its own, and a `sidelong` on the path that keeps a log."""
    return {
        "HOME": str(tmp / "home"),
        "PATH": f"{tmp / 'bin'}:{os.environ['PATH']}",
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "FILE": str(tmp / "project/habit.py"),
        "SNIPPET": str(tmp / "snippet"),
        "TIMEOUT_S": str(int(TIMEOUT_S)),
    }


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A project, a `sidelong`, and the user's settings."""
    for name in ("bin", "home", "project/.git"):
        (tmp_path / name).mkdir(parents=True)
    wrapper = tmp_path / "bin/sidelong"
    server = ROOT / ".venv/bin/sidelong"
    wrapper.write_text(WRAPPER.format(tmp=tmp_path, server=server), encoding="utf-8")
    wrapper.chmod(0o755)
    run = Run(tmp_path)
    run.configure("minProbability = 0")
    run.file.write_text(HABIT, encoding="utf-8")
    yield run
    for terminal in run.terminals:
        terminal.close()


@pytest.fixture
def continued() -> str:
    """The file's text after the suggestion has been accepted."""
    return CONTINUED


@pytest.fixture
def snippet(run: Run) -> Callable[..., None]:
    """Put the first code block after a sentence of docs/editors.md into a file, or `SNIPPET`."""

    def put(sentence: str, file: str = "snippet") -> None:
        after = (ROOT / "docs/editors.md").read_text(encoding="utf-8").partition(sentence)[2]
        block = re.search(r"```\w+\n(.*?)```", after, re.S)
        assert block is not None, sentence
        (run.tmp / file).parent.mkdir(exist_ok=True)
        (run.tmp / file).write_text(block[1], encoding="utf-8")

    return put
