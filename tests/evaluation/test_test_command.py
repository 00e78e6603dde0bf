"""A project's tests on a copy: what is copied, what is killed, and what a verdict is."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sidelong.evaluation.passing import (
    Verdict,
    bodies,
    judge,
    sentence,
    summarise_passing,
    with_body,
)
from sidelong.evaluation.project_tests import ProjectCopy, copied, environment, run_command

if TYPE_CHECKING:
    from tests.evaluation.conftest import NewTrial

CART = """\
def total(prices):
    result = sum(prices)
    return result


def unused(prices):
    return max(prices)
"""
BODY = "result = sum(prices)\n    return result"
CHECK = """\
import unittest
from shop.cart import total

class Check(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)
"""
UNITTEST = f'"{sys.executable}" -m unittest -q check'
LONG_S = 60.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package of one module, and its tests."""
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "cart.py").write_text(CART, encoding="utf-8")
    (root / "check.py").write_text(CHECK, encoding="utf-8")
    return root


FILES = ["shop/__init__.py", "shop/cart.py", "check.py"]


@pytest.fixture
def copy(project: Path) -> Iterator[ProjectCopy]:
    with copied(project, FILES, UNITTEST) as found:
        yield found


def test_what_the_tests_let_pass_has_passed(copy: ProjectCopy, trial: NewTrial) -> None:
    def passes(path: str, text: str) -> bool:
        return copy.run_with(path, text, LONG_S).passed

    one = trial("return 0", "return sum(prices)", text=CART, target=BODY, kind="body")
    assert judge(one, passes) == Verdict(
        one.case,
        noticed=True,
        passed={"never": False, "always": True, "greedy": False, "threshold": True},
    )
    assert copy.run(LONG_S).passed, "the copy holds the original again"


def test_a_body_that_the_tests_do_not_miss_does_not_count(
    copy: ProjectCopy, trial: NewTrial
) -> None:
    def passes(path: str, text: str) -> bool:
        return copy.run_with(path, text, LONG_S).passed

    one = trial("return 0", "return 1", text=CART, target="return max(prices)", kind="body")
    assert judge(one, passes) == Verdict(one.case, noticed=False, passed={})


def test_what_stood_there_and_what_is_known_are_not_run_again(trial: NewTrial) -> None:
    tried: list[str] = []

    def fails(path: str, text: str) -> bool:
        tried.append(text)
        return False

    one = trial("x", "right", kind="body")
    verdict = judge(one, fails)

    assert verdict.passed == {"never": False, "always": True, "greedy": False, "threshold": True}
    assert tried == [with_body(one.case, "raise NotImplementedError"), with_body(one.case, "x")]


def test_who_is_out_of_time_has_not_passed(trial: NewTrial) -> None:
    one = trial("x", "y", kind="body")
    verdict = judge(one, lambda path, text: None if "[y]" in text else False)
    summary = summarise_passing([verdict], [one], command="t", timeout_s=9)

    assert verdict.timed_out == {"always", "threshold"}
    assert not any(verdict.passed.values())
    assert summary.timed_out == 2


def test_the_summary_counts_bodies_that_tests_notice(trial: NewTrial) -> None:
    trials = [*(trial("x", "right", kind="body", text=f"# {i}\nx = [right]\n") for i in range(4))]
    line = trial("x", "right")
    found = [judge(trials[0], lambda path, text: False), judge(trials[1], lambda path, text: True)]
    summary = summarise_passing(found, [*trials, line], command="pytest", timeout_s=9)

    assert bodies([*trials, line]) == trials
    assert (summary.wanted, summary.judged, summary.unnoticed) == (4, 1, 1)
    assert summary.partial
    assert {row.mode: (row.n, row.passed.mean) for row in summary.rows} == {
        "never": (1, 0.0), "always": (1, 1.0), "greedy": (1, 0.0), "threshold": (1, 1.0),
    }  # fmt: skip
    assert "2 were not tried" in sentence(summary)


@pytest.mark.parametrize(
    ("path", "judged"),
    [
        ("shop/cart.py", True),
        ("shop/contest.py", True),
        ("src/latest/cart.ts", True),
        ("tests/helpers.py", False),
        ("shop/test_cart.py", False),
        ("conftest.py", False),
        ("cart_test.go", False),
        ("src/cart.test.ts", False),
    ],
)
def test_the_tests_own_bodies_are_not_judged_by_them(
    trial: NewTrial, path: str, judged: bool
) -> None:
    one = trial("x", "right", kind="body")
    moved = replace(one, case=replace(one.case, file=replace(one.case.file, path=path)))
    assert bodies([moved]) == ([moved] if judged else [])


def test_tests_that_notice_nothing_are_suspicious(trial: NewTrial) -> None:
    one = trial("x", "right", kind="body")
    summary = summarise_passing(
        [judge(one, lambda path, text: True)], [one], command="pytest", timeout_s=9
    )
    assert "installed package" in sentence(summary)
    assert not summary.partial


def test_the_file_is_as_it_was_after_a_run(project: Path) -> None:
    file = project / "odd.py"
    file.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    file.chmod(0o444)
    show = f'"{sys.executable}" -c "print(open(\'odd.py\').read())"'
    with copied(project, [*FILES, "odd.py"], show) as copy:
        assert copy.run_with("odd.py", "y = 2", LONG_S).output == "y = 2"
        assert (copy.folder / "odd.py").read_bytes() == b"\xef\xbb\xbfx = 1\r\n"
        assert os.access(copy.folder / "odd.py", os.W_OK) == os.access(file, os.W_OK)


def test_a_file_that_the_command_deletes_is_there_again(project: Path) -> None:
    delete = f'"{sys.executable}" -c "import os; os.remove(\'check.py\')"'
    with copied(project, FILES, delete) as copy:
        assert copy.run_with("check.py", "", LONG_S).passed
        assert (copy.folder / "check.py").read_bytes() == (project / "check.py").read_bytes()


def test_the_copy_goes_away(project: Path) -> None:
    with copied(project, FILES, "exit 0") as copy:
        (copy.folder / "made-by-tests").touch()
        assert not (project / "made-by-tests").exists()
    assert not copy.folder.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_no_link_leads_out_of_the_copy(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "notes.txt").write_text("mine", encoding="utf-8")
    (project / "away").symlink_to(outside)
    (project / "notes").symlink_to(outside / "notes.txt")
    (project / "same").symlink_to(project / "shop")

    with copied(project, [*FILES, "away", "notes", "same"], "exit 0") as copy:
        assert not (copy.folder / "away").exists()
        assert not (copy.folder / "notes").is_symlink()
        assert (copy.folder / "notes").read_text("utf-8") == "mine"
        assert (copy.folder / "same").resolve() == copy.folder / "shop"


def test_an_installed_link_to_the_workspace_does_not_lead_back(
    project: Path, trial: NewTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "src").mkdir()
    (project / "shop").rename(project / "src" / "shop")
    monkeypatch.setenv("PYTHONPATH", str(project / "src"))
    files = ["src/shop/__init__.py", "src/shop/cart.py", "check.py"]

    with copied(project, files, UNITTEST) as copy:
        assert copy.run(LONG_S).passed
        assert not copy.run_with("src/shop/cart.py", "raise SystemExit(1)", LONG_S).passed


def test_the_environment_names_the_copy_in_place_of_the_workspace(tmp_path: Path) -> None:
    root, folder, lib = tmp_path / "project", tmp_path / "copy", tmp_path / "lib"
    base = {
        "PYTHONPATH": os.pathsep.join([str(root / "a"), str(lib)]),
        "GIT_DIR": str(root / ".git"),
        "HOME": "/home/me",
    }
    found = environment(base, root, folder, tmp_path / "tmp", [root / "server", lib])

    assert found["PYTHONPATH"].split(os.pathsep) == [
        *(str(folder / part) for part in ("", "src", "server", "a")), str(lib),
    ]  # fmt: skip
    assert "GIT_DIR" not in found
    assert (found["HOME"], found["TMPDIR"]) == ("/home/me", str(tmp_path / "tmp"))


posix = pytest.mark.skipif(sys.platform == "win32", reason="named pipes")

STUBBORN = """\
import os, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
pipe = open("pipe", "w")
if "child" not in sys.argv:
    subprocess.Popen([sys.executable, "stubborn.py", "child"], pass_fds=[pipe.fileno()])
    if "leave" in sys.argv:
        sys.exit(0)
else:
    print("up", file=pipe, flush=True)
time.sleep(30)
print("survived", file=pipe, flush=True)
"""


@posix
@pytest.mark.parametrize("how", ["stay", "leave"])
def test_nothing_of_the_command_outlives_it(tmp_path: Path, how: str) -> None:
    """Processes that ignore polite signals hold a pipe; it ends when the last of them does."""
    (tmp_path / "stubborn.py").write_text(STUBBORN, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append((tmp_path / "pipe").read_text()))
    reader.start()
    ran = run_command(
        f'"{sys.executable}" stubborn.py {how}',
        folder=tmp_path,
        environment=dict(os.environ),
        timeout_s=3.0 if how == "stay" else LONG_S,
    )
    with suppress(OSError):  # free a reader to whom nobody got as far as writing
        os.close(os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK))
    reader.join()

    assert "survived" not in said[0]
    assert (ran.timed_out, ran.passed) == ((True, False) if how == "stay" else (False, True))


@posix
def test_an_interruption_kills_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN, encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    up, said = threading.Event(), []

    def read() -> None:
        with (tmp_path / "pipe").open() as pipe:
            said.append(pipe.readline())
            up.set()
            said.append(pipe.read())

    def interrupted(*_: object, **__: object) -> None:
        up.wait()
        raise KeyboardInterrupt

    monkeypatch.setattr("sidelong.evaluation.project_tests.wait_in_slices", interrupted)
    reader = threading.Thread(target=read)
    reader.start()
    with pytest.raises(KeyboardInterrupt):
        run_command(
            f'"{sys.executable}" stubborn.py stay',
            folder=tmp_path,
            environment=dict(os.environ),
            timeout_s=LONG_S,
        )
    reader.join()
    assert said == ["up\n", ""]


def test_the_end_of_the_output_is_kept(tmp_path: Path) -> None:
    ran = run_command(
        f"\"{sys.executable}\" -c \"import sys; print('x' * 9999); sys.exit('the end')\"",
        folder=tmp_path,
        environment=dict(os.environ),
        timeout_s=LONG_S,
    )
    assert not ran.passed
    assert ran.output.endswith("the end")
    assert len(ran.output) < 9999
