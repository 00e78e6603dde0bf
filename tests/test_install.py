"""What `make` shows of pip's output while it sets up."""

from __future__ import annotations

import pytest
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
