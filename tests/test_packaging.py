"""The wheel: both packages whole, the model, and nothing else.

A line too many in `.gitignore` silently drops a package or the model from it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "server" / "sidelong", ROOT / "index" / "sidelong_index")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_it_holds_just_the_two_packages(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"sidelong", "sidelong_index"}


def test_it_holds_every_module_and_nothing_that_running_leaves_behind(
    wheel: zipfile.ZipFile,
) -> None:
    ours = {
        file.relative_to(source.parent).as_posix()
        for source in SOURCES
        for file in source.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == ours


def test_it_is_typed_and_has_both_models(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {"sidelong/py.typed", "sidelong_index/py.typed"} <= names
    for name in ("default", "nano"):
        with wheel.open(f"sidelong/data/{name}.gguf") as model:
            assert model.read(4) == b"GGUF"


def test_it_weighs_less_than_the_registries_allow(wheel: zipfile.ZipFile) -> None:
    assert sum(file.compress_size for file in wheel.infolist()) < 100_000_000


def test_it_installs_the_command_and_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    assert "sidelong = sidelong.cli:main" in wheel.read(entry_points).decode()
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_it_needs_neither_torch_nor_pytest(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (n for n in wheel.namelist() if n.endswith("METADATA"))
    required = re.compile(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==)", re.MULTILINE)
    needed = set(required.findall(wheel.read(metadata).decode()))
    assert "llama-cpp-python" in needed
    assert not {"torch", "gguf", "tokenizers", "pytest"} & needed
