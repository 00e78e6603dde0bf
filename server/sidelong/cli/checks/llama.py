"""llama.cpp as it was built."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from sidelong.cli.checks.finding import Finding
from sidelong.engine import REBUILD, llama_build

METAL: Final = 'CMAKE_ARGS="-DGGML_METAL=on" ' + REBUILD


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
