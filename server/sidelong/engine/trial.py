"""The trial of models that this llama.cpp has never run: in a process of its own.

A damaged file that passes every check may still end the process that reads it, and llama.cpp that
was built for another processor always does. So a model serves here only after it has loaded and
completed a few lines elsewhere (`trial_child`). Models that have passed are remembered in the
cache folder, by their content and the build of llama.cpp; the shipped ones need no trial.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, Final

from sidelong import errors, paths
from sidelong.engine.model import file
from sidelong.engine.model.protocol import Cancel
from sidelong.errors import ModelFatal, ModelSlow, ModelUnreadable
from sidelong.files import write_text
from sidelong.isolation import environment, python
from sidelong.settings import UserSettings

REBUILD: Final = (
    "pip install --force-reinstall --no-deps --no-cache-dir "
    "--no-binary llama-cpp-python llama-cpp-python"
)

_CHILD: Final = "from sidelong.engine.trial_child import main; main()"
_SLICE_S: Final = 0.05
_ILLEGAL_INSTRUCTION: Final = 0xC000_001D
"""Windows' status of a process that its processor did not understand."""


@dataclass(frozen=True)
class Report:
    """The facts about a model that passed its trial."""

    description: str
    """llama.cpp's: architecture, size, quantisation."""
    family: str | None
    parameters: int
    decides: bool
    licence: str | None
    remarks: tuple[str, ...]
    """See `LlamaModel.remarks`."""
    text: str
    """The completion."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    ms: Mapping[str, float] = field(default_factory=dict)
    """The stages of the completion, and "load"."""


def ensure(user: UserSettings, cancel: Cancel | None = None) -> None:
    """Try the user's models unless they have passed with this llama.cpp; raises as `run` does."""
    files = _own_files(user)
    if not files:
        return
    for each in files:
        file.check(each)
    passed = _passed_file(files)
    if passed is None or not passed.exists():
        run(user, cancel)


def run(
    user: UserSettings,
    cancel: Cancel | None = None,
    *,
    at_most_s: float | None = None,
) -> Report:
    """Load the models in a process of its own and complete a few lines with them.

    Raises the `ModelError` that serving them would raise, `ModelFatal` if the process is ended,
    `ModelSlow` if it takes more than `at_most_s` seconds, and `Stopped` when `cancel` is set.
    """
    name = str(user.model or user.shipped or paths.default_model())
    if user.policy is not None:
        name = f"{name} or its policy {user.policy}"
    status, out, err = _ran(_request(user), name, cancel or Cancel(), at_most_s)
    if _ended_by_system(status):
        raise _fatal(name, status)
    try:
        answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    except (IndexError, ValueError):
        said = (err.strip().splitlines() or ["it said nothing"])[-1]
        raise ModelUnreadable(
            f"The model {name} cannot be tried: {said}. `sidelong doctor` says more."
        ) from None
    if "error" in answer:
        kind, message = answer["error"]
        raise getattr(errors, kind)(message)
    _remember(_own_files(user))
    return Report(**{**answer, "remarks": tuple(answer["remarks"])})


def _request(user: UserSettings) -> str:
    """The settings for the child, with paths that hold in its folder."""

    def absolute(path: Path | None) -> str | None:
        return None if path is None else str(path.absolute())

    return json.dumps(
        {
            "shipped": absolute(user.shipped),
            "model": absolute(user.model),
            "policy": absolute(user.policy),
            "threads": user.threads,
            "gpu_layers": user.gpu_layers,
            "n_ctx": user.n_ctx,
        }
    )


def _ran(request: str, name: str, cancel: Cancel, at_most_s: float | None) -> tuple[int, str, str]:
    """The exit status of the child, and what it wrote; it is killed if nobody waits any more."""
    end = None if at_most_s is None else time.monotonic() + at_most_s
    # Files and not pipes: the child must never wait for somebody to read.
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        subprocess.Popen(
            python(_CHILD),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            # ggml would start a debugger to show where it aborts.
            env={**environment(), "GGML_NO_BACKTRACE": "1"},
            cwd=sys.prefix,
        ) as process,
    ):
        try:
            assert process.stdin is not None
            # The pipe stays open: its end tells the child that this process is gone.
            with suppress(OSError):
                process.stdin.write(request.encode() + b"\n")
                process.stdin.flush()
            while not _has_ended(process):
                cancel.check()
                if end is not None and time.monotonic() > end:
                    raise ModelSlow(
                        f"The model {name} took more than {at_most_s:.0f} s to load and to "
                        "complete a line. Use a smaller one, or a faster disk."
                    )
        finally:
            process.kill()
        return process.returncode, _content(out), _content(err)


def _content(written: IO[bytes]) -> str:
    written.seek(0)
    return written.read().decode("utf-8", "replace")


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SLICE_S)
    return process.returncode is not None


def _ended_by_system(status: int) -> bool:
    """True if the exit status is a signal's or, on Windows, an exception's code."""
    return status < 0 or status > 0x8000_0000


def _fatal(name: str, status: int) -> ModelFatal:
    how = _signal_name(status)
    if how == "SIGKILL":
        return ModelFatal(
            f"The system ended the process that loaded the model {name}, most likely for want of "
            "memory. Close other programs, or use a smaller model or quantisation."
        )
    if how == "SIGILL":
        return ModelFatal(
            f"llama.cpp cannot run the model {name}: it was built for another processor ({how}). "
            f"Build it on this machine: {REBUILD}"
        )
    return ModelFatal(
        f"The model {name} ends the process that loads it ({how}). It is most likely damaged: "
        "fetch it again, or use another model."
    )


def _signal_name(status: int) -> str:
    if status == _ILLEGAL_INSTRUCTION:
        return "SIGILL"
    if status > 0:
        return f"status {status:#x}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _own_files(user: UserSettings) -> list[Path]:
    """The user's own files among the models; those inside of the package are known."""
    shipped = paths.default_model().parent
    files = (path for path in (user.model, user.policy) if path is not None)
    return [path for path in files if path.absolute().parent != shipped]


def _passed_file(files: list[Path]) -> Path | None:
    """The file that is there if these models have passed; None if they cannot be read."""
    try:
        known = "\n".join((llama_cpp_build(), *map(file.fingerprint, files)))
    except OSError:
        return None
    return paths.tried_dir() / blake2b(known.encode(), digest_size=16).hexdigest()


def _remember(files: list[Path]) -> None:
    """Keep in mind that they have passed; without a folder for that they are tried each time."""
    passed = _passed_file(files) if files else None
    if passed is not None:
        with suppress(OSError):
            write_text(passed, "\n".join(map(str, files)) + "\n")


def forget(files: list[Path]) -> None:
    """Try these models again before they serve; their own files are not touched."""
    names = set(map(str, files))
    with suppress(OSError):
        for passed in list(paths.tried_dir().iterdir()):
            if names & set(passed.read_text(encoding="utf-8", errors="replace").splitlines()):
                passed.unlink()


def llama_cpp_build() -> str:
    """The version of llama-cpp-python and the state of its libraries; nothing of it is loaded."""
    # Imported here: it takes as long as the rest of this module, and few starts try a model.
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    try:
        installed = version("llama-cpp-python")
    except PackageNotFoundError:
        installed = "none"
    spec = find_spec("llama_cpp")
    if spec is None or spec.origin is None:
        return installed
    libraries = sorted((Path(spec.origin).parent / "lib").glob("*"))
    states = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in libraries]
    return f"{installed} {states}"
