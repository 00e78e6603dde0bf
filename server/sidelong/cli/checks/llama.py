"""llama.cpp as it was built, and a real completion with it.

The completion runs in a process of its own: a library built for another processor raises no
exception but ends the process.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from sidelong.cli.checks.finding import Finding
from sidelong.engine import llama_build

REBUILD: Final = (
    "pip install --force-reinstall --no-deps --no-cache-dir "
    "--no-binary llama-cpp-python llama-cpp-python"
)
METAL: Final = 'CMAKE_ARGS="-DGGML_METAL=on" ' + REBUILD

PROBE: Final = "def greet(name):\n    print('hello', name)\n\n\ngreet("
"""Completed by the self-test, at its end."""

SELF_TEST_S: Final = 120.0


def check_self_test(arguments: list[str]) -> Finding:
    """Run `sidelong complete` on a few lines; `arguments` choose the model."""
    with tempfile.TemporaryDirectory(prefix="sidelong-doctor-") as folder:
        file = Path(folder) / "probe.py"
        file.write_text(PROBE, encoding="utf-8")
        lines = PROBE.split("\n")
        place = f"{file}:{len(lines)}:{len(lines[-1]) + 1}"
        command = [sys.executable, "-m", "sidelong", "complete", place, "--json"]
        try:
            done = subprocess.run(
                [*command, "--retrieve", "never", "--root", folder, *arguments],
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=SELF_TEST_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Finding(
                "self-test",
                "broken",
                f"a completion of one line took more than {SELF_TEST_S:.0f} s",
                "Use a smaller model, or lower `sidelong.threads` if the machine is busy.",
            )
    return _judge(done)


def _judge(done: subprocess.CompletedProcess[str]) -> Finding:
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        ms = sum(ms for stage, ms in answer["ms"].items() if stage not in ("load", "index"))
        tokens = answer["tokens"]
        return Finding(
            "self-test",
            "ok",
            f"a completion in {ms:.0f} ms, the model loaded in {answer['ms']['load']:.0f} ms",
            details={"ms": answer["ms"], "tokens": tokens, "text": answer["text"]},
        )
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if _ended_by_system(done.returncode):
        return Finding(
            "self-test",
            "broken",
            f"llama.cpp ended the process (status {done.returncode}): it was probably built for "
            "another processor",
            f"Build it on this machine: {REBUILD}",
            {"crashed": True, "status": done.returncode, "stderr": done.stderr[-2000:]},
        )
    return Finding(
        "self-test",
        "broken",
        said.removeprefix("sidelong: "),
        "What has to be mended stands in that sentence or in the lines on the model.",
        {"status": done.returncode, "stderr": done.stderr[-2000:]},
    )


def crashed(finding: Finding) -> bool:
    """True if llama.cpp ends the process, so that it must not be tried in this one."""
    return finding.details.get("crashed") is True


def _ended_by_system(status: int) -> bool:
    """True if the exit status is a signal's or, on Windows, an exception's code."""
    return status < 0 or status > 0x8000_0000


def check_build() -> list[Finding]:
    """The version, the processor features that the build uses, and its use of a GPU."""
    try:
        installed = version("llama-cpp-python")
        info, gpu = llama_build()
    except (PackageNotFoundError, ImportError, OSError, RuntimeError) as error:
        return [
            Finding("llama.cpp", "broken", f"cannot be loaded: {error}", f"Reinstall it: {REBUILD}")
        ]
    return [_build(installed, features(info)), _gpu(gpu)]


def features(info: str) -> list[str]:
    """The names set to 1 in llama.cpp's `CPU : SSE3 = 1 | AVX2 = 1 | …`."""
    parts = info.replace(":", "|").split("|")
    pairs = (part.partition("=") for part in parts)
    return [name.strip() for name, _, value in pairs if value.strip() == "1"]


def _build(installed: str, features: list[str]) -> Finding:
    fact = f"llama-cpp-python {installed}, {' '.join(features) or 'no CPU features'}"
    details = {"version": installed, "features": features}
    if platform.machine().lower() in ("x86_64", "amd64") and "AVX2" not in features:
        return Finding(
            "llama.cpp",
            "note",
            f"{fact}; without AVX2 it is several times slower, where the processor has that",
            f"Build it on this machine: {REBUILD}",
            details,
        )
    return Finding("llama.cpp", "ok", fact, details=details)


def _gpu(supported: bool) -> Finding:
    details = {"offload": supported}
    if supported:
        return Finding("gpu", "ok", "layers are offloaded (`sidelong.gpuLayers`)", details=details)
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return Finding(
            "gpu", "note", "this build does not use Metal", f"Build it with Metal: {METAL}", details
        )
    return Finding("gpu", "ok", "this build runs on the processor alone", details=details)
