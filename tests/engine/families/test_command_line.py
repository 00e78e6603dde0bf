"""The command line on models of other families."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidelong.cli import main

Doctor = Callable[..., dict[str, Any]]


@pytest.fixture
def doctor(capfd: pytest.CaptureFixture[str]) -> Doctor:
    """The findings on a model by their names."""

    def run(*arguments: object) -> dict[str, Any]:
        main(["doctor", "--json", *(str(argument) for argument in arguments)])
        checks = json.loads(capfd.readouterr().out)["checks"]
        return {check["name"]: check for check in checks}

    return run


def test_it_says_which_family_was_recognised_and_that_the_shipped_model_decides(
    doctor: Doctor, family_file: Callable[[str], Path], default_model: Path
) -> None:
    found = doctor("--model", family_file("qwen"))
    assert "format Qwen2.5-Coder, prefix-first" in found["special tokens"]["fact"]
    assert found["special tokens"]["details"]["decides"] is False
    assert found["decision"]["state"] == "ok"
    assert found["decision"]["fact"].startswith(f"by {default_model.name} as its policy")
    assert found["decision"]["details"]["decides"] == default_model.name
    assert found["self-test"]["state"] == "ok"


def test_it_says_that_a_model_decides_for_itself(
    doctor: Doctor, family_file: Callable[[str], Path]
) -> None:
    found = doctor("--model", family_file("repoformer"))
    assert found["special tokens"]["details"]["family"] == "Repoformer"
    assert found["decision"]["fact"].startswith("by the model itself; retrieves from P(cc) 0.5")


def test_a_policy_that_cannot_decide_is_broken(
    doctor: Doctor, family_file: Callable[[str], Path], default_model: Path
) -> None:
    found = doctor("--model", default_model, "--policy", family_file("codellama"))
    assert found["model"]["state"] == "broken"
    assert "has no token to decide with" in found["model"]["fact"]
    assert "sidelong.model.policy" in found["model"]["remedy"]
    assert found["self-test"]["state"] == "broken"


def test_complete_says_who_decided(
    capfd: pytest.CaptureFixture[str],
    family_file: Callable[[str], Path],
    default_model: Path,
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.py"
    file.write_text("def area(width):\n    return wi\n")
    asked = ["complete", f"{file}:2:14", "--root", str(tmp_path), "--threads", "1"]
    for model, policy in (("qwen", default_model.name), ("repoformer", None)):
        assert main([*asked, "--json", "--model", str(family_file(model))]) == 0
        answer = json.loads(capfd.readouterr().out)
        assert (answer["model"], answer["policy"]) == (f"{model}.gguf", policy)
        assert answer["gate"]["probability"] is not None
    assert main([*asked, "--model", str(family_file("qwen"))]) == 0
    assert f"decided by {default_model.name}" in capfd.readouterr().out


def test_a_managed_model_is_listed_with_its_family_and_who_decides(
    capfd: pytest.CaptureFixture[str], family_file: Callable[[str], Path]
) -> None:
    for model in ("qwen", "granite", "repoformer"):
        assert main(["model", "add", str(family_file(model))]) == 0
    capfd.readouterr()
    assert main(["model", "list", "--json"]) == 0
    listed = {model["name"]: model for model in json.loads(capfd.readouterr().out)["models"]}
    assert {name: (listed[name]["family"], listed[name]["decides"]) for name in listed} == {
        "default": (None, True),
        "nano": (None, True),
        "qwen": ("Qwen2.5-Coder", False),
        "granite": ("StarCoder or Granite", False),
        "repoformer": ("Repoformer", True),
    }
