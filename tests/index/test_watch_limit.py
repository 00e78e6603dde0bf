"""The cost of watching: no output, and no more watches than the system can spare.

The limit is real: a user namespace has one of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sidelong_index.timer import (
    SCAN_EVERY_S,
    SCAN_UNWATCHED_EVERY_S,
    pause_between_scans_s,
)

Plant = Callable[[Mapping[str, str]], Path]

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


def run(script: str, *args: Path, limit: int | None = None) -> dict[str, Any]:
    """The JSON that a program prints; with a limit, that is all the watches it may take."""
    command = [sys.executable, "-W", "default", "-c", textwrap.dedent(script), *map(str, args)]
    if limit is not None:
        as_root = f'echo {limit} > /proc/sys/user/max_inotify_watches && exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", as_root, "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if limit is not None and not done.stdout and "max_inotify_watches" in done.stderr:
        pytest.skip("user namespaces cannot have a limit of their own here")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = {**json.loads(done.stdout), "stderr": done.stderr}
    return found


@linux
def test_a_build_that_makes_nested_folders_writes_nothing_to_stderr(plant: Plant) -> None:
    script = """
        import json, os, sys, time
        from pathlib import Path
        from sidelong_index import Index

        root = Path(sys.argv[1])
        index = Index(root)
        index.start()
        index.wait()
        folder = root
        for i in range(300):
            folder = folder / "d"
            folder.mkdir()
            (folder / "a.py").write_text("zebra\\n")
        while index.snapshot.files < 301:
            time.sleep(0.01)
        index.stop()
        print(json.dumps({"files": index.snapshot.files}))
    """
    assert run(script, plant({"a.py": "x\n"})) == {"files": 301, "stderr": ""}


AT_THE_LIMIT = """
    import json, logging, os, sys, time
    from pathlib import Path
    from sidelong_index import Index
    from sidelong_index.watch import watcher
    from inotify_simple import INotify, flags

    logging.disable()
    root = Path(sys.argv[1])
    warnings = []
    index = Index(root, on_warning=warnings.append)
    index.start()
    index.wait()
    found = {"folders": index.coverage.folders, "watched": index.coverage.watched}
    with INotify() as other:
        found["other"] = other.add_watch("/", flags.CREATE)
    index.wait()
    (root / "39" / "new.py").write_text("zebra")
    deadline_s = time.monotonic() + 20
    while not index.snapshot.search("zebra", k=1) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    found["hits"] = len(index.snapshot.search("zebra", k=1))
    watcher.TRY_AGAIN_S = 0.0
    Path("/proc/sys/user/max_inotify_watches").write_text("100")
    index.wait()
    index.stop()
    print(json.dumps({**found, "later": index.coverage.watched, "warnings": warnings}))
"""


@linux
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_at_the_systems_limit_the_user_is_told_and_others_get_watches(plant: Plant) -> None:
    root = plant({f"{i:02}/a.py": "x\n" for i in range(40)})
    found = run(AT_THE_LIMIT, root, limit=20)
    (warning,) = found["warnings"]
    assert "26 of 41 folders are not watched" in warning
    assert "sudo sysctl fs.inotify.max_user_watches" in warning
    assert (found["folders"], found["watched"]) == (41, 15), "a quarter was given back"
    assert found["other"] > 0, "another program can watch"
    assert found["hits"] == 1, "a change in a folder that is not watched is found"
    assert found["later"] == 41, "once the limit is raised, all are watched"


@linux
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_without_any_watch_changes_are_found_by_scanning(plant: Plant) -> None:
    root = plant({f"{i:02}/a.py": "x\n" for i in range(40)})
    script = """
        import json, logging, sys, time
        from pathlib import Path
        from sidelong_index import Index

        logging.disable()
        Path("/proc/sys/user/max_inotify_instances").write_text("0")
        root, warnings = Path(sys.argv[1]), []
        index = Index(root, on_warning=warnings.append)
        index.start()
        index.wait()
        (root / "39" / "new.py").write_text("zebra")
        deadline_s = time.monotonic() + 20
        while not index.snapshot.search("zebra", k=1) and time.monotonic() < deadline_s:
            time.sleep(0.01)
        found = {"hits": len(index.snapshot.search("zebra", k=1)), "warnings": warnings}
        index.stop()
        print(json.dumps(found))
    """
    found = run(script, root, limit=20)
    assert found["hits"] == 1
    (warning,) = found["warnings"]
    assert "41 of 41 folders are not watched" in warning
    assert "fs.inotify.max_user_instances" in warning


def test_scans_come_sooner_the_fewer_folders_are_watched() -> None:
    everything, half, nothing = (pause_between_scans_s(1.0, share) for share in (0.0, 0.5, 1.0))
    assert everything > half > nothing
    assert pause_between_scans_s(0.001, 0.1) == SCAN_UNWATCHED_EVERY_S
    assert pause_between_scans_s(0.001, 0.0) == SCAN_EVERY_S
