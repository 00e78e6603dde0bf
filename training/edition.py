"""What the model of this edition is trained to read and write, in tokens; the GGUF carries it."""

from __future__ import annotations

from sidelong.engine.prompt import Budget

BUDGET = Budget(prefix=256, suffix=96, context=320, generated=64)
"""Of the training examples."""

SERVED = Budget(prefix=256, suffix=96, context=0, generated=64)
"""Of the product: this edition was not trained enough to gain by chunks in its prompt (LOG.md)."""
