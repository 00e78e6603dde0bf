"""The whole recipe at toy size, by its own script: from a source model to one that decides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from training import modelfile
from training.corpus import SourceFile
from training.edition import BASE
from training.modelfile import EMBEDDING

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.request import Request
from sidelong.settings import Settings
from sidelong_index import build

ROOT = Path(__file__).parents[3]

TOY = {
    "EDITION": "toy",
    "RULE": "--first 300 --least 12",
    "CHARS_PER_BLANK": "1500",
    "VALIDATION_CHARS": "6000",
    "SHAPE": "--rows 2 --row-tokens 2048",
    "KEEP": "64",
    "BUDGET": "--steps 8 --log-every 2",
    "PROCESSES": "1",
    "N_MIXTURE": "6",
    "N_LABELS": "12",
    "N_DEV": "6",
    "N_HELD_OUT": "6",
    "N_SERVED": "2",
}


def run(work: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(ROOT / "training" / "runs" / "base.sh"), str(work)],
        env={
            **os.environ,
            "PYTHON": sys.executable,
            "GGUF": str(work / "toy.gguf"),
            **TOY,
            **settings,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def said(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout


def corpus(work: Path, files: list[SourceFile]) -> None:
    """The files of the corpus stage."""
    for split in ("train", "dev", "decide", "held_out"):
        lines = [json.dumps(asdict(file)) + "\n" for file in files]
        (work / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    (work / "corpus.json").write_text("{}")


@pytest.fixture(scope="session")
def toy(source: Path, files: list[SourceFile], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the run was stopped while it healed, and called again."""
    work = tmp_path_factory.mktemp("toy")
    corpus(work, files)
    stopped = said(run(work, SOURCE=str(source), PARTS="prepare heal", AT_MOST="0.0001"))
    assert "call again: step 1, 12.5%" in stopped
    assert not (work / "base.gguf").exists()
    on = said(run(work, PARTS="heal"))
    assert "resumed at step 1" in on
    assert "base.cut" not in on
    return work


def complete(gguf: Path) -> str:
    text = "def area(width, height):\n    return width * height\n\n\ndef perimeter(width, "
    completer = Completer(LlamaModel(gguf, threads=1))
    request = Request("a.py", "python", text, len(text), Settings(retrieval="always"))
    snapshot = build([("shapes.py", "def sides(width, height):\n    return width + height\n" * 3)])
    answer = completer.complete(request, snapshot=snapshot, cancel=Cancel())
    completer.close()
    assert answer.gate.probability is not None
    assert answer.chunks
    assert answer.tokens.generated > 0
    return answer.text


def test_what_was_healed_completes_and_decides_through_the_engine(toy: Path) -> None:
    complete(toy / "base.gguf")
    model = LlamaModel(toy / "base.gguf", threads=1)
    assert model.budget == BASE
    assert model.special.decides
    model.close()


def test_finishing_decides_and_measures(toy: Path) -> None:
    said(run(toy, PARTS="finish"))
    complete(toy / "toy.gguf")
    report = json.loads((toy / "report.json").read_text())
    file = modelfile.read(toy / "toy.gguf")
    threshold = file.fields["sidelong.gate.threshold"].value
    assert threshold == pytest.approx(report["threshold"], abs=1e-6)
    assert file.fields["sidelong.edition"].value == "toy"
    assert file.fields["sidelong.cache.mixture"].value == "none"
    assert file.tensors[EMBEDDING].type.name == "Q5_0"
    assert len((toy / "served.jsonl").read_text().splitlines()) == 2


def test_a_result_that_stands_is_not_made_again(toy: Path) -> None:
    for made in said(run(toy, PARTS="heal")).splitlines():
        assert not made.startswith("== ")


def test_a_healed_model_goes_on_without_a_teacher(toy: Path, tmp_path: Path) -> None:
    for name in ("train", "dev"):
        (tmp_path / f"{name}.jsonl").write_bytes((toy / f"{name}.jsonl").read_bytes())
    (tmp_path / "corpus.json").write_text("{}")
    on = said(run(tmp_path, BASE=str(toy / "base.gguf"), PARTS="prepare heal", SEED="2"))
    assert "base.teacher" not in on
    assert "base.cut" not in on
    before, after = modelfile.read(toy / "base.gguf"), modelfile.read(tmp_path / "base.gguf")
    assert before.fields == after.fields
    first, last = (
        float(line.split("text ")[1].split(",")[0])
        for line in on.splitlines()
        if line.startswith(("validation at 0%", "validation at 100%"))
    )
    assert last < first


def test_nothing_to_start_from_is_told(tmp_path: Path) -> None:
    refused = run(tmp_path, PARTS="prepare")
    assert refused.returncode == 1
    assert "set SOURCE to the GGUF of Qwen2.5-Coder-0.5B-Instruct" in refused.stderr


def test_the_machine_that_heals_needs_torch_numpy_and_gguf_alone() -> None:
    absent = ("llama_cpp", "tokenizers", "sidelong_index", "sidelong.engine", "pygls")
    code = (
        f"import sys; sys.modules |= dict.fromkeys({absent})\n"
        "import training.base.cut, training.base.distil"
    )
    path = os.pathsep.join(["server", "index", "."])
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
