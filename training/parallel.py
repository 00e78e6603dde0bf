"""One training run on several devices, as `torchrun` starts it; alone, nothing changes.

Every rank holds the whole model and reads its rows of each batch, so that the run is the same
whatever the number of ranks, but for the order in which numbers are added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch.nn import Module
from torch.nn.parallel import DistributedDataParallel

from training.model import Model


@dataclass(frozen=True)
class Ranks:
    """This process among those of the run."""

    rank: int = 0
    count: int = 1

    @staticmethod
    @contextmanager
    def joined(device: str) -> Iterator[Ranks]:
        """The run that `torchrun` started, if it did, until the block ends."""
        if "WORLD_SIZE" not in os.environ:
            yield Ranks()
            return
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        try:
            yield Ranks(dist.get_rank(), dist.get_world_size())
            dist.barrier()
        finally:
            dist.destroy_process_group()

    def device(self, named: str) -> torch.device:
        """The device of this rank: of several GPUs its own."""
        if named == "cuda" and self.count > 1:
            own = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(own)
            return own
        return torch.device(named)

    def wrap(self, model: Model) -> Module:
        """The model with gradients averaged over the ranks."""
        return model if self.count == 1 else DistributedDataParallel(model)

    def agreed(self, value: float) -> float:
        """Rank 0's value, on every rank, so that all stop at the same step."""
        if self.count == 1:
            return value
        held = [value]
        dist.broadcast_object_list(held)
        return held[0]

    def summed(self, value: float) -> float:
        """The sum over the ranks, for what is shown."""
        if self.count == 1:
            return value
        held: list[float] = [0.0] * self.count
        dist.all_gather_object(held, value)
        return sum(held)
