"""The same run on two processes: `torchrun` for training, Ray Data for sampling and labelling."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("ray")

import numpy as np
import torch
from training import packed
from training.model import Model, shape

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path) -> str:
    """The output of a stage, run as a program of its own; warnings of its engines are not ours."""
    path = os.pathsep.join(["server", "index", "."])
    ran = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-3000:]
    return ran.stdout


def test_two_processes_train_as_one_does(tiny: Path, tmp_path: Path) -> None:
    options: list[str | Path] = ["--data", tiny / "validation.npz"]
    options += ["--validation", tiny / "validation.npz"]
    options += ["--size", "tiny", "--vocabulary", "1024", "--steps", "4", "--threads", "1"]
    options += ["--batch-tokens", "2048"]
    train: list[str | Path] = ["training.train", "pretrain", *options, "--out"]
    run(*train, tmp_path / "one.pt")
    run("torch.distributed.run", "--nproc-per-node", "2", "-m", *train, tmp_path / "two.pt")
    one, two = (torch.load(tmp_path / f"{n}.pt", weights_only=True) for n in ("one", "two"))
    assert one["progress"]["step"] == two["progress"]["step"] == 4
    torch.manual_seed(1)
    for name, start in Model(shape("tiny", 1024)).state_dict().items():
        trained = one["model"][name]
        assert (two["model"][name] - trained).norm() < 0.2 * (trained - start).norm(), name


def test_ray_makes_the_same_examples(tiny: Path, tmp_path: Path) -> None:
    options: list[str | Path] = [
        "--corpus",
        tiny / "held_out.jsonl",
        "--tokenizer",
        tiny / "tokenizer.json",
    ]
    examples: list[str | Path] = ["training.examples", *options, "--out"]
    run(*examples, tmp_path / "pool.npz")
    run(*examples, tmp_path / "ray.npz", "--ray")
    pool, ray = packed.read(tmp_path / "pool.npz"), packed.read(tmp_path / "ray.npz")
    assert len(pool) > 20
    assert np.array_equal(pool.tokens, ray.tokens)
    assert np.array_equal(pool.starts, ray.starts)


def test_ray_makes_the_same_labels(tiny: Path, tmp_path: Path) -> None:
    options: list[str | Path] = [
        "--model",
        tiny / "decide.gguf",
        "--corpus",
        tiny / "dev.jsonl",
        "--n",
        "12",
    ]
    run("training.label", *options, "--out", tmp_path / "ray.jsonl", "--ray")
    ray = [json.loads(line) for line in (tmp_path / "ray.jsonl").read_text().splitlines()]
    pool = [json.loads(line) for line in (tiny / "dev_outcomes.jsonl").read_text().splitlines()]
    assert len(ray) == 12
    assert ray == pool
