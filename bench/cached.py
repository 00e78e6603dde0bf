"""How much what the KV cache holds changes the logits: `python -m bench.cached [MODEL] -n 150`.

Prompts of code are read from an empty cache, and again in other ways, on one thread of the CPU:

- parted: another prompt with the same beginning stands in the cache;
- typed: all but the last three tokens stand there, and these are read one by one;
- singly: every token is read by itself, as no request does.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sidelong.engine import Cancel, Model, load_model
from sidelong.paths import nano_model

SOURCES = Path(__file__).parents[1] / "server" / "sidelong"
LONGEST = 130


def ways(
    model: Model, tokens: list[int], others: list[int], half: int
) -> Iterator[tuple[str, int]]:
    """Bring the cache into each state, and say how many last tokens are to be read one by one."""
    model.forget()
    model.evaluate([*tokens[:half], *others], rows=1, cancel=Cancel())
    yield "parted", 1
    model.forget()
    model.evaluate(tokens[:-3], rows=1, cancel=Cancel())
    yield "typed", 3
    model.forget()
    yield "singly", len(tokens)


def main() -> None:
    """Print for each way the greatest difference of a logit, and the best tokens that changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=nano_model())
    parser.add_argument("-n", type=int, default=150, help="prompts")
    args = parser.parse_args()
    model, chosen = load_model(args.model, threads=1, gpu_layers=0), random.Random(0)
    code = "".join(path.read_text("utf-8") for path in sorted(SOURCES.rglob("*.py")))
    tokens = model.tokenize(code)
    worst: dict[str, float] = {}
    changed: dict[str, int] = {}
    for _ in range(args.n):
        start, length = chosen.randrange(len(tokens) - 2 * LONGEST), chosen.randrange(40, LONGEST)
        prompt, others = tokens[start : start + length], tokens[start + length :][:8]
        model.forget()
        fresh = model.evaluate(prompt, rows=1, cancel=Cancel()).logits[0]
        for way, n in ways(model, prompt, others, chosen.randrange(20, length)):
            for end in range(length - n + 1, length + 1):
                found = model.evaluate(prompt[:end], rows=1, cancel=Cancel()).logits[0]
            worst[way] = max(worst.get(way, 0.0), float(np.abs(found - fresh).max()))
            changed[way] = changed.get(way, 0) + int(found.argmax() != fresh.argmax())
    for way in worst:
        print(f"{way}: at most {worst[way]:.3f}, {changed[way]} of {args.n} best tokens changed")
    model.close()


if __name__ == "__main__":
    main()
