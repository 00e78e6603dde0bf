"""llama-server, built in the user's cache folder; it is never part of the product.

    python -m bench.peer.build

builds it where it is missing, and prints its path.
Its sources come with those of llama-cpp-python, in the release that is installed here, and it runs
on the llama.cpp libraries that are installed here: both sides of a comparison share them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import platformdirs

DISTRIBUTION = "llama-cpp-python"
OWN = "LLAMA_SERVER"


class NotBuilt(Exception):
    """There is no llama-server, and the message says how to get one."""


def server(*, build: bool) -> Path:
    """The program; with `build` it is made where it is missing, which takes minutes.

    The environment variable `LLAMA_SERVER` names another one, which brings its own llama.cpp.
    Raises `NotBuilt`.
    """
    if OWN in os.environ:
        return Path(os.environ[OWN])
    version = metadata.version(DISTRIBUTION)
    folder = Path(platformdirs.user_cache_dir("sidelong-bench", appauthor=False)) / version
    program = folder / "build" / "bin" / "llama-server"
    if program.exists():
        return program
    if not build:
        raise NotBuilt(f"There is no {program}. Build it with `python -m bench.peer.build`.")
    missing = [tool for tool in ("cmake", "ninja", "c++") if shutil.which(tool) is None]
    if missing:
        raise NotBuilt(
            f"llama-server cannot be built without {' and '.join(missing)}. cmake and ninja come "
            "with `pip install cmake ninja`, a compiler with the system."
        )
    folder.mkdir(parents=True, exist_ok=True)
    _make(_sources(folder, version), folder / "build")
    return program


def _sources(folder: Path, version: str) -> Path:
    """llama.cpp's sources, downloaded unless they are there."""
    named = f"{DISTRIBUTION}=={version}"
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", DISTRIBUTION]
        subprocess.run([*pip, named, "-d", str(folder)], check=True)
        archives = list(folder.glob("*.tar.gz"))
    with tarfile.open(archives[0]) as tar:
        tar.extractall(folder, filter="data")
    (sources,) = folder.glob("*/vendor/llama.cpp")
    return sources


def _make(sources: Path, build: Path) -> None:
    spec = find_spec("llama_cpp")
    if spec is None or spec.origin is None:
        raise NotBuilt(f"{DISTRIBUTION} is not installed.")
    installed = Path(spec.origin).parent / "lib"
    # A build that was cut short may be another checkout's; CMake's cache would hold to that.
    (build / "CMakeCache.txt").unlink(missing_ok=True)
    configure = ["cmake", "-G", "Ninja", "-S", str(Path(__file__).parent), "-B", str(build)]
    configure += [f"-DLLAMA={sources}", f"-DINSTALLED={installed}", "-DCMAKE_BUILD_TYPE=Release"]
    # The server around the libraries spends no time that counts, and -O1 halves its compilation.
    configure += ["-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG"]
    configure += ["-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"]
    subprocess.run(configure, check=True)
    subprocess.run(["ninja", "-C", str(build), "llama-server"], check=True)


if __name__ == "__main__":
    try:
        print(server(build=True))
    except (NotBuilt, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
