"""What travels to the machine with the GPU, and what that machine refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

RUNS = Path(__file__).parents[2] / "training" / "runs"


def run(name: str, work: Path, **more: str) -> subprocess.CompletedProcess[str]:
    settings = {"WORK": str(work), "STATE": str(work / "there"), "WHEELS": "", "XZ": "0", **more}
    return subprocess.run(
        ["bash", str(RUNS / name)],
        env={**os.environ, "PYTHON": sys.executable, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def made(tiny: Path, tmp_path: Path) -> Path:
    """A folder in which the corpus and its vocabulary stand already."""
    for name in ("corpus.json", "tokenizer.json", "train.jsonl", "dev.jsonl"):
        shutil.copy2(tiny / name, tmp_path)
    return tmp_path


def test_a_bundle_says_what_it_weighs_and_must_fit_the_limit(tiny: Path, tmp_path: Path) -> None:
    work = made(tiny, tmp_path)
    fits = run("bundle.sh", work)
    assert fits.returncode == 0, fits.stderr
    assert "limit 65536 KiB" in fits.stdout
    over = run("bundle.sh", work, LIMIT_MIB="1")
    assert over.returncode == 1
    assert "error: together they are over the limit" in over.stderr


def test_a_machine_starts_with_a_whole_bundle_only(tiny: Path, tmp_path: Path) -> None:
    work = made(tiny, tmp_path)
    assert "is missing or incomplete" in run("base.sh", work).stderr
    assert run("bundle.sh", work).returncode == 0
    with (work / "carry" / "corpus.tar.xz").open("ab") as corpus:
        corpus.write(b"changed on the way")
    refused = run("base.sh", work)
    assert refused.returncode == 1
    assert "corpus.tar.xz: FAILED" in refused.stdout
    assert "is missing or incomplete" in refused.stderr


def test_a_machine_that_was_begun_with_another_bundle_is_not_gone_on_with(
    tiny: Path, tmp_path: Path
) -> None:
    work = made(tiny, tmp_path)
    assert run("bundle.sh", work).returncode == 0
    (work / "there").mkdir()
    (work / "there" / "SHA256SUMS").write_text("of another corpus\n")
    refused = run("base.sh", work)
    assert refused.returncode == 1
    assert "was begun with another bundle" in refused.stderr


def test_what_is_not_annealed_is_not_finished(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny / "back", tmp_path / "back")
    progress = json.loads((tiny / "back" / "pretrain.json").read_text())
    (tmp_path / "back" / "pretrain.json").write_text(json.dumps({**progress, "share": 0.97}))
    refused = run("finish.sh", tmp_path)
    assert refused.returncode == 1
    assert "is at 0.97 of its budget" in refused.stderr
    assert not (tmp_path / "pretrain.pt").exists()


def test_the_other_machine_needs_no_llama_cpp() -> None:
    code = (
        "import sys; sys.modules['llama_cpp'] = None\n"
        "import training.checkpoints, training.examples, training.export, training.train"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(["server", "index", "."])}
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=RUNS.parents[1],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr


def test_a_machine_without_a_gpu_is_told_at_once(tiny: Path, tmp_path: Path) -> None:
    work = made(tiny, tmp_path)
    assert run("bundle.sh", work).returncode == 0
    refused = run("base.sh", work, CUDA_VISIBLE_DEVICES="")
    assert refused.returncode == 1
    assert "error: PyTorch sees no GPU here" in refused.stderr
    assert not list((work / "there").glob("*.npz"))
