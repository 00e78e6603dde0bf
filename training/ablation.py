"""The worth of each ingredient of the workspace cache: nats a token when it is left out.

Every row hides something of what `mixture` reads, and fits what is left on other packages.

    python -m training.ablation --model WORK/pretrain.gguf --corpus WORK/dev.jsonl --n 800
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from sidelong.engine.mixture import Mixture
from training import mixture, workers
from training.baseline import NEVER
from training.evaluate import table
from training.mixture import NOTHING, Evidence, Floats, cross_validated, log_likelihoods, numbers

FIXED = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6)
"""The shares of the first two editions, by the length of the longest match from 1 to 6."""


def up_to(e: Evidence, length: int) -> Evidence:
    """Longer matches are taken for matches of this length, shorter ones stay."""
    return _only(e, np.arange(e.places.shape[1]) <= length)


def without_identifiers(e: Evidence) -> Evidence:
    """Single tokens that stand anywhere in the sources say nothing."""
    return _only(e, np.arange(e.places.shape[1]) > 0)


def longest(e: Evidence) -> Evidence:
    """The longest match alone speaks."""
    matched = (e.places > 0).sum(axis=1, where=np.arange(e.places.shape[1]) > 0)
    return _only(e, np.arange(e.places.shape[1]) == np.maximum(matched, 1)[:, None])


def without_counts(e: Evidence) -> Evidence:
    """One place says as much as many, and many followers as one."""
    return replace(e, places=np.minimum(e.places, 1), followers=np.minimum(e.followers, 1))


def without_confidence(e: Evidence) -> Evidence:
    """The cache does not know how sure the model is."""
    return replace(e, confidence=np.full_like(e.confidence, 0.5))


def _only(e: Evidence, lengths: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Evidence:
    return replace(e, places=np.where(lengths, e.places, 0))


ROWS: dict[str, Callable[[Evidence], Evidence]] = {
    "longest match alone, fitted": longest,
    "matches of up to 2 tokens": lambda e: up_to(e, 2),
    "matches of up to 4 tokens": lambda e: up_to(e, 4),
    "matches of up to 6 tokens": lambda e: up_to(e, 6),
    "without single tokens": without_identifiers,
    "without counts of places and followers": without_counts,
    "without the model's confidence": without_confidence,
    "all of it": lambda e: e,
}


def fixed(e: Evidence) -> Floats:
    """The log-likelihoods [N] of the first two editions' cache."""
    odds = [float(np.log(share / (1 - share))) for share in FIXED]
    others = e.places.shape[1] - 1 - len(odds)
    mixed = Mixture(0, 0, 0, (NEVER, *odds, *[0.0] * others))
    return _of(longest(up_to(e, len(odds))), mixed)


def _of(e: Evidence, m: Mixture) -> Floats:
    found: Floats = log_likelihoods(e, torch.tensor(numbers(m), dtype=torch.float64)).numpy()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    mixture.add_options(parser)
    args = parser.parse_args()
    torch.set_num_threads(1)
    e = mixture.gather(args)
    found = {"model alone": _of(e, NOTHING), "longest match alone, fixed shares": fixed(e)}
    for name, hide in ROWS.items():
        found[name] = cross_validated(hide(e), decay=args.decay)
    n = f"{len(e.alone)} tokens, nats each"
    body = [
        [name, f"{values[~e.retrieved].mean():.3f}", f"{values[e.retrieved].mean():.3f}"]
        for name, values in found.items()
    ]
    print(table([n, "open file", "and retrieved chunks"], body))


if __name__ == "__main__":
    workers.main("training.ablation")
