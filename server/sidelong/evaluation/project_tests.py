"""A project's own tests, run in a temporary copy of it that has another text in place of a file's.

The workspace itself is only read, and only by copying.
The command is the user's own and runs in a shell with the user's rights.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sidelong.programs import find_program
from sidelong.waiting import wait_in_slices

_END = 4000
"""So many bytes of the end of the output are kept."""
_PROBE_S = 20
_LEAD_BACK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "OLDPWD"})
"""Variables that would lead a command from the copy back to the workspace."""


@dataclass(frozen=True)
class Ran:
    """One run of the command."""

    passed: bool
    """True if it exited with 0, in time."""
    timed_out: bool
    seconds: float
    output: str
    """The end of what it printed, standard error included."""


class ProjectCopy:
    """Some files of a project, copied, and a command to run there."""

    def __init__(self, folder: Path, command: str, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.command = command
        self._environment = environment

    def run(self, timeout_s: float) -> Ran:
        """Run the command; all that it has started is killed when it ends or is out of time."""
        return run_command(
            self.command, folder=self.folder, environment=self._environment, timeout_s=timeout_s
        )

    def run_with(self, path: str, text: str, timeout_s: float) -> Ran:
        """Run the command while the file `path` holds `text`."""
        file = self.folder / path
        original, mode = file.read_bytes(), file.stat().st_mode
        try:
            _replace(file, text.encode(), mode)
            return self.run(timeout_s)
        finally:
            _replace(file, original, mode)


@contextmanager
def copied(
    root: Path,
    paths: Iterable[str],
    command: str,
    *,
    on_file: Callable[[], None] = lambda: None,
) -> Iterator[ProjectCopy]:
    """The files `paths` of `root` in a temporary folder, which is removed in the end.

    `on_file` is called after each file.
    """
    root = root.resolve()
    with tempfile.TemporaryDirectory(
        prefix="sidelong-tests-", ignore_cleanup_errors=True
    ) as temporary:
        top = Path(temporary).resolve()
        folder, scratch = top / (root.name or "project"), top / "tmp"
        folder.mkdir()
        scratch.mkdir()
        for path in paths:
            _copy(root, path, folder)
            on_file()
        search = _search_path(root)
        yield ProjectCopy(folder, command, environment(os.environ, root, folder, scratch, search))


def environment(
    base: Mapping[str, str], root: Path, folder: Path, scratch: Path, search: Iterable[Path] = ()
) -> dict[str, str]:
    """`base` for a command in the copy `folder` of `root`: its sources come first for Python.

    `search` are the folders where Python would look for modules; those of the workspace, which an
    editable installation names, are replaced by their copies. Temporary files go to `scratch`.
    """
    listed = [Path(entry) for entry in base.get("PYTHONPATH", "").split(os.pathsep) if entry]
    moved = [folder / entry.relative_to(root) for entry in search if entry.is_relative_to(root)]
    own = [folder, folder / "src", *moved]
    kept = [
        folder / entry.relative_to(root) if entry.is_relative_to(root) else entry
        for entry in listed
    ]
    python_path = dict.fromkeys(str(entry) for entry in (*own, *kept))
    return {
        **{name: value for name, value in base.items() if name not in _LEAD_BACK},
        "PYTHONPATH": os.pathsep.join(python_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "PWD": str(folder),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)),
    }


def run_command(
    command: str, *, folder: Path, environment: Mapping[str, str], timeout_s: float
) -> Ran:
    """Run a shell command in a process group of its own, which does not outlive this call.

    A process that leaves the group on purpose, such as a daemon, is not followed.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        # A file and not a pipe: a process that the command leaves running would keep a pipe open.
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=sys.platform != "win32",
        )
        try:
            wait_in_slices(lambda seconds: _ended(process, seconds), at_most_s=timeout_s)
            status = process.poll()
        finally:
            _kill_group(process)
            process.wait()
        return Ran(
            passed=status == 0,
            timed_out=status is None,
            seconds=time.monotonic() - started,
            output=_end_of(output),
        )


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is not None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        taskkill = find_program("taskkill")
        if taskkill is not None:
            tree = [taskkill, "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(tree, capture_output=True, check=False)
        process.kill()
        return
    # The group is gone, or only a zombie is left, which macOS reports as a lack of permission.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(output: IO[bytes]) -> str:
    output.seek(max(0, output.seek(0, os.SEEK_END) - _END))
    return output.read().decode("utf-8", "replace").strip()


def _replace(file: Path, content: bytes, mode: int) -> None:
    """Put a new file in the old one's place, even a read-only one; no link is followed."""
    file.unlink(missing_ok=True)  # the command may have deleted it
    file.write_bytes(content)
    file.chmod(mode)


def _copy(root: Path, path: str, folder: Path) -> None:
    """A file, or a folder such as a submodule; no link in the copy leads out of it."""
    source, target = root / path, folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() and source.is_dir():
        meant = source.resolve()
        if meant.is_relative_to(root):
            inner = os.path.relpath(folder / meant.relative_to(root), target.parent)
            with suppress(OSError):  # on Windows not everybody may make links
                target.symlink_to(inner, target_is_directory=True)
    elif source.is_dir():
        shutil.copytree(
            source,
            target,
            ignore=shutil.ignore_patterns(".git"),
            ignore_dangling_symlinks=True,
            dirs_exist_ok=True,
        )
    elif source.is_file():
        shutil.copy2(source, target)


def _search_path(root: Path) -> list[Path]:
    """The folders in `root` where the Python that a command finds looks for modules."""
    python = find_program("python") or find_program("python3")
    if python is None:
        return []
    try:
        # Not in `root`, whose own modules could be taken for the standard library's.
        said = subprocess.run(
            [python, "-c", "import json, sys; print(json.dumps(sys.path[1:]))"],
            capture_output=True,
            check=True,
            cwd=Path(python).parent,
            timeout=_PROBE_S,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        ).stdout
        entries = [Path(entry) for entry in json.loads(said)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return [entry for entry in entries if entry.is_relative_to(root) and entry.is_dir()]
