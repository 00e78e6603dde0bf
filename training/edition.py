"""What the model of this edition is trained to read and write, in tokens; the GGUF carries it."""

from __future__ import annotations

from sidelong.prompt import Budget

BUDGET = Budget(prefix=256, suffix=96, context=320, generated=64)
