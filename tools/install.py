"""Set up the checkout: a virtual environment in .venv, with sidelong and its dependencies in it.

Run by `make demo` and `make test`, and by hand where there is no make: `python tools/install.py`.
Standard library only, for it runs before anything is installed; does nothing the second time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "sidelong-installed.json"
LOG = VENV / "sidelong-install.log"

OLDEST = (3, 10)
QUIET_S = 30.0
"""Without a terminal, how long an unchanged stage may go without a word."""

COMPILING = """\
Compiling llama.cpp for this machine takes about 4 minutes, once: pip keeps the result.
(Faster: a prebuilt wheel of llama-cpp-python; see "Install" in README.md.)"""

COMPILER_HINT = """\
llama.cpp is compiled with the system's C and C++ compilers. To get them:
  Debian, Ubuntu   apt install build-essential
  Fedora           dnf install gcc-c++
  macOS            xcode-select --install
  Windows          Visual Studio Build Tools, workload "Desktop development with C++"
"""

LLAMA = "compiling llama.cpp"

_STAGES = (
    (re.compile(r"\[(\d+/\d+)\]"), "compiling {}"),
    (re.compile(r"Building wheel for llama.*: started"), LLAMA),
    (re.compile(r"Building (?:wheel|editable) for (\S+)"), "building {}"),
    (re.compile(r"Collecting (\S+)"), "fetching {}"),
    (re.compile(r"Downloading (?:\S*/)?(\S+)"), "fetching {}"),
    (re.compile(r"Using cached (?:\S*/)?(\S+)"), "fetching {}"),
    (re.compile(r"Installing build dependencies"), "fetching build tools"),
    (re.compile(r"Installing collected packages"), "installing packages"),
)
"""The beginnings of lines of pip's verbose output, ninja's among them, and their meaning."""


def main() -> int:
    """Install what is asked for unless it is there already; the exit status."""
    parser = argparse.ArgumentParser(description="Set up .venv with sidelong in it.")
    parser.add_argument("--extras", default="", help="comma separated: dev,train")
    wanted = {extra for extra in parser.parse_args().extras.split(",") if extra}
    if sys.version_info < OLDEST:
        return _fail("sidelong needs Python 3.10 or later; this is " + sys.version.split()[0])
    installed = _installed()
    if installed is not None and wanted <= installed:
        return 0
    if not _make_venv():
        return 1
    extras = sorted(wanted | (installed or set()))
    started = time.monotonic()
    if not _pip_install(extras):
        return 1
    STAMP.write_text(json.dumps({"of": _fingerprint(), "extras": extras}), encoding="utf-8")
    _say(f"Set up .venv in {_clock(time.monotonic() - started)}.")
    return 0


def _installed() -> set[str] | None:
    """The extras of an installation that still fits pyproject.toml, or None."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return set(stamp["extras"]) if stamp["of"] == _fingerprint() and PYTHON.exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fingerprint() -> str:
    """Changes with the dependencies and with the folder, which the installation names."""
    source = (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()
    return hashlib.sha256(source).hexdigest()


def _make_venv() -> bool:
    if _venv_version() is None:
        _say(f"Making .venv with Python {sys.version.split()[0]}.")
        try:
            venv.create(VENV, with_pip=True, clear=True, symlinks=os.name != "nt")
        except (subprocess.CalledProcessError, OSError) as error:
            _fail(
                f"a virtual environment cannot be made in {VENV}: {error}\n"
                "On Debian and Ubuntu: apt install python3-venv"
            )
            return False
    if (_venv_version() or (0, 0)) < OLDEST:
        _fail(f"the Python in {VENV} is too old; remove that folder and try again")
        return False
    return _has_pip() or _make_pip()


def _has_pip() -> bool:
    return _python("-c", "import pip").returncode == 0


def _make_pip() -> bool:
    """Bring pip into a .venv that was made without, as `uv venv` makes them."""
    done = _python("-m", "ensurepip", "--default-pip")
    if done.returncode == 0:
        return True
    _say((done.stdout + done.stderr).strip())
    _fail(
        f"the virtual environment in {VENV} has no pip, and ensurepip could not bring it in\n"
        "Install pip into it (`uv pip install pip`), or remove that folder and try again.\n"
        "On Debian and Ubuntu: apt install python3-venv"
    )
    return False


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The output of .venv's Python for these arguments; raises `OSError` if it cannot start."""
    return subprocess.run(
        [str(PYTHON), *arguments], capture_output=True, text=True, errors="replace", check=False
    )


def _venv_version() -> tuple[int, int] | None:
    """The version of .venv's Python, or None if there is none that runs."""
    try:
        done = _python("-c", "import sys; print(*sys.version_info[:2])")
        major, minor = done.stdout.split()
    except (OSError, ValueError):
        return None
    return int(major), int(minor)


def _pip_install(extras: list[str]) -> bool:
    """Run pip, its output in a log file and its progress on one line."""
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [str(PYTHON), "-m", "pip", "install", "--verbose", "--editable", target]
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as pip,
    ):
        assert pip.stdout is not None
        progress = Progress(sys.stderr.isatty())
        for line in pip.stdout:
            log.write(line)
            stage = _stage(line)
            if stage == LLAMA:
                progress.end()
                _say(COMPILING)
            progress.show(stage)
        progress.end()
    if pip.returncode == 0:
        return True
    tail = LOG.read_text(encoding="utf-8").splitlines()[-25:]
    _say("\n".join(tail))
    _fail(f"pip could not install sidelong; the whole output is in {LOG}")
    if not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        _say(COMPILER_HINT)
    return False


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Variables for pip: its whole output at once, and less of llama.cpp to compile.

    The user's own `CMAKE_ARGS` stand last, where they win.
    """
    include = f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={(ROOT / 'tools/llama.cmake').as_posix()}"
    arguments = f"{shlex.quote(include)} {given.get('CMAKE_ARGS', '')}".strip()
    return {**given, "PYTHONUNBUFFERED": "1", "PIP_NO_COLOR": "1", "CMAKE_ARGS": arguments}


def _stage(line: str) -> str | None:
    """The stage that a line of pip's verbose output reports, if any."""
    for pattern, stage in _STAGES:
        found = pattern.match(line.strip())
        if found:
            return stage.format(*found.groups())
    return None


class Progress:
    """One line saying where we are and for how long; without a terminal, lines now and then."""

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._started = self._said = time.monotonic()
        self._stage = self._shown = ""

    def show(self, stage: str | None) -> None:
        """Say that this is where we are; None means still where we were."""
        now = time.monotonic()
        another_kind = bool(stage) and str(stage).split()[0] != self._stage.split(" ")[0]
        self._stage = stage or self._stage
        line = f"  {_clock(now - self._started):>6}  {self._stage}"
        if self._terminal:
            if line != self._shown:
                sys.stderr.write(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}")
                sys.stderr.flush()
                self._shown = line
        elif another_kind or now - self._said > QUIET_S:
            _say(line)
            self._said = now

    def end(self) -> None:
        """Leave a clean line."""
        if self._terminal:
            sys.stderr.write("\r\033[K")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _fail(text: str) -> int:
    _say(f"error: {text}")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_fail("interrupted; the next run goes on from what pip has kept"))
