"""The lines of pip's output that `make` shows while it sets up."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from tools import install
from tools.install import _stage


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        ("Collecting numpy>=1.26 (from sidelong==0.1.0)", "fetching numpy>=1.26"),
        ("  Downloading numpy-2.4.6-cp311.whl (16.6 MB)", "fetching numpy-2.4.6-cp311.whl"),
        ("  Downloading https://host/a/b/numpy.whl (16.6 MB)", "fetching numpy.whl"),
        (
            "  Building wheel for llama-cpp-python (pyproject.toml): started",
            "compiling llama.cpp",
        ),
        ("  [30/193] /usr/bin/g++ -DGGML_BUILD -O3", "compiling 30/193"),
        ("Building editable for sidelong (pyproject.toml): started", "building sidelong"),
        ("Installing collected packages: numpy, rich", "installing packages"),
        ("  -- Detecting CXX compiler ABI info - done", None),
    ],
)
def test_lines_of_pip_and_ninja_name_the_stage(line: str, stage: str | None) -> None:
    assert _stage(line) == stage


def test_the_users_own_arguments_of_cmake_stay_and_win() -> None:
    alone = install._environment({})["CMAKE_ARGS"]
    (include,) = shlex.split(alone)
    name, _, file = include.partition("=")
    assert name == "-DCMAKE_PROJECT_llama_cpp_INCLUDE"
    assert Path(file).is_file()
    own = install._environment({"CMAKE_ARGS": "-DGGML_CUDA=on", "A": "b"})
    assert own["CMAKE_ARGS"] == f"{alone} -DGGML_CUDA=on"
    assert own["A"] == "b"


PYTHON = """\
#!/bin/sh
here=$(dirname "$0")
case "$*" in
  *ensurepip*) {ensurepip} ;;
  *pip*) test -e "$here/pip" ;;
  *) echo 3 12 ;;
esac
"""


@pytest.mark.skipif(os.name == "nt", reason="the Python is a shell script")
@pytest.mark.parametrize(("ensurepip", "made"), [('touch "$here/pip"', True), ("exit 1", False)])
def test_an_environment_without_pip_gets_it_and_is_never_wiped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    ensurepip: str, made: bool,
) -> None:  # fmt: skip
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PYTHON.format(ensurepip=ensurepip), encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(install, "VENV", tmp_path)
    monkeypatch.setattr(install, "PYTHON", python)

    assert install._make_venv() is made

    assert python.read_text(encoding="utf-8").startswith("#!/bin/sh")
    assert (python.parent / "pip").exists() is made
    said = capsys.readouterr().err
    assert (f"{tmp_path} has no pip" in said, "remove that folder" in said) == (not made, not made)
