"""The stages that a recipe repeats, and the results of a stage that was stopped."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

pytest.importorskip("torch")

from training import label
from training.corpus import SourceFile
from training.files import cut_torn_line, whole
from training.workers import Workers

LIB = Path(__file__).parents[2] / "training" / "runs" / "lib.sh"

# In Python's place: appends to the file after --out what it was called with.
PROGRAM = """#!/bin/bash
until [ "$1" = --out ]; do said+="$1 "; shift; done
echo "$said" >> "$2"
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "python").write_text(PROGRAM)
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "in").write_text("one")
    return tmp_path


def runs(work: Path, call: str) -> int:
    """The number of times the stage has added to its result, after one more call."""
    script = f'work={work}; . "{LIB}"; {call}'
    env = {**os.environ, "PYTHON": str(work / "python")}
    subprocess.run(["bash", "-euc", script], env=env, check=True, capture_output=True)
    return len((work / "out").read_text().splitlines())


def test_a_result_stands_until_what_it_is_made_of_changes(work: Path) -> None:
    call = 'stage "$work/out" make --corpus "$work/in" --processes {} --n {} --out "$work/out"'
    assert runs(work, call.format(2, 5)) == 1
    said = (work / "out").read_text()
    assert runs(work, call.format(4, 5)) == 1
    assert (work / "out").read_text() == said
    runs(work, call.format(2, 6))
    assert "--n 6" in (work / "out").read_text()
    (work / "in").write_text("two")
    (work / "out").write_text("of the old input\n")
    assert runs(work, call.format(2, 6)) == 1
    assert "--n 6" in (work / "out").read_text()


def test_what_grows_goes_on_with_its_own_lines_alone(work: Path) -> None:
    call = 'grow "$work/out" make --corpus "$work/in" --out "$work/out"'
    assert runs(work, call) == 1
    assert runs(work, call) == 2
    (work / "in").write_text("two")
    assert runs(work, call) == 1


def test_a_result_that_was_put_there_by_hand_stands(work: Path) -> None:
    (work / "out").write_text("by hand\n")
    assert runs(work, 'stage "$work/out" make --corpus "$work/in" --out "$work/out"') == 1
    assert (work / "out").read_text() == "by hand\n"


def test_a_result_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"

    def stopped() -> None:
        with whole(path) as aside:
            aside.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        stopped()
    assert list(path.parent.iterdir()) == []
    with whole(path) as aside:
        aside.write_text("all")
    assert [p.read_text() for p in path.parent.iterdir()] == ["all"]


@pytest.mark.parametrize(
    ("found", "kept"), [("a\nb\n", "a\nb\n"), ("a\nb", "a\n"), ("a", ""), ("", "")]
)
def test_a_torn_line_is_written_again(tmp_path: Path, found: str, kept: str) -> None:
    path = tmp_path / "lines"
    path.write_text(found)
    cut_torn_line(path)
    assert path.read_text() == kept
    cut_torn_line(tmp_path / "not there")


def test_a_process_that_dies_ends_the_stage() -> None:
    with pytest.raises(BrokenProcessPool):
        list(Workers(1).run(os._exit, [3]))


def test_a_blank_that_is_drawn_twice_is_asked_once(tmp_path: Path) -> None:
    corpus = tmp_path / "c.jsonl"
    file = SourceFile("p", "a.py", "def f(x):\n    return x\n")
    corpus.write_text(json.dumps(file.__dict__) + "\n", encoding="utf-8")
    asked = [case.key for job in label.jobs(corpus, 60, seed=1, done=set()) for case in job]
    assert asked
    assert len(asked) == len(set(asked))
