"""Jobs in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from sidelong.processes import is_running

ROOT = Path(__file__).parents[2]

PROGRAM = """
import os, sys, time
from pathlib import Path
from training.workers import Workers

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)

if __name__ == "__main__":
    list(Workers(2).run(work, [sys.argv[1]] * 2))
"""
PATIENCE_S = 60.0


def test_workers_end_when_their_parent_was_killed(tmp_path: Path) -> None:
    script, folder = tmp_path / "program.py", tmp_path / "workers"
    script.write_text(PROGRAM)
    folder.mkdir()
    end_s = time.monotonic() + PATIENCE_S
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script, folder], env=environment) as parent:
        while len(list(folder.iterdir())) < 2 and time.monotonic() < end_s:
            time.sleep(0.02)
        parent.kill()
    workers = [int(file.name) for file in folder.iterdir()]
    assert len(workers) == 2
    now_s = time.time()
    while any(is_running(pid, since_s=now_s) for pid in workers):
        assert time.monotonic() < end_s, "they outlive it"
        time.sleep(0.02)
