"""Checkpoints on disk: a model's shape and weights, and how to go on training it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from training.files import whole
from training.model import Model, Shape


def load(path: Path) -> Model:
    """The model of a checkpoint, on the CPU."""
    kept = torch.load(path, map_location="cpu", weights_only=True)
    model = Model(Shape(**kept["shape"]))
    model.load_state_dict(kept["model"])
    return model


def save(path: Path, model: Model, **more: Any) -> None:
    """Write a checkpoint; it appears only when it is whole."""
    with whole(path) as aside:
        torch.save({"shape": asdict(model.shape), "model": model.state_dict(), **more}, aside)
