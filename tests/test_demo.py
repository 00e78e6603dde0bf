"""`make demo` in small: the real server over stdio on real code, ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_it_shows_each_place_with_its_decision_and_cost(tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    done = run_demo(
        "--repo", "server", "--places", "2", "--retrieve", "always", "--picture", str(picture)
    )

    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"decision\S*\s+\S*retrieved", done.stdout)) == 2
    assert done.stdout.count("tokens in the prompt") == 2
    assert "typing on" in done.stdout
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_a_folder_without_code_is_said_so(tmp_path: Path) -> None:
    done = run_demo("--repo", str(tmp_path))
    assert done.returncode == 1
    assert "There is no code in" in done.stdout
