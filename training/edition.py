"""What the model of this edition is trained to read and write, in tokens; the GGUF carries it."""

from __future__ import annotations

from sidelong.prompt import Budget

BUDGET = Budget(prefix=256, suffix=96, context=320, generated=64)
"""Of the training examples."""

SERVED = Budget(prefix=256, suffix=96, context=0, generated=64)
"""Of the product: this edition was not trained enough to gain by chunks in its prompt (LOG.md)."""

CACHE_WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6)
"""The workspace cache's share by match length, best on the dev packages (LOG.md)."""
