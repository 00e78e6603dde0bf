"""The budgets of the models, in tokens; their files carry them."""

from __future__ import annotations

from sidelong.engine.prompt import Budget

BASE = Budget(prefix=512, suffix=160, context=448, generated=64)
"""Of the default model, in training and in use."""

NANO = Budget(prefix=256, suffix=96, context=320, generated=64)
"""Of nano's training examples."""

NANO_SERVED = Budget(prefix=256, suffix=96, context=0, generated=64)
"""Of nano in use: it was not trained enough to gain by chunks in its prompt (LOG.md)."""
