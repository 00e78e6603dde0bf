"""Where the base is computed, and in what precision: CUDA in bfloat16, else float32."""

from __future__ import annotations

import torch
from torch import Tensor

from training.base.documents import Tokens


def chosen(name: str = "") -> torch.device:
    """The device called so; unnamed, the GPU if there is one."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def precision(device: torch.device) -> torch.dtype:
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def on_device(array: Tokens, device: torch.device) -> Tensor:
    return torch.from_numpy(array).to(device)
