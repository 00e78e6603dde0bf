"""The window that a machine reads in about a second; pure.

A cold prompt is one of which nothing is in the KV cache, as after a jump to another place. On a
machine that reads it slowly the parts shrink together, from the model's own budget towards a floor
below which a suggestion loses more than its speed gains (`bench/README.md`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sidelong.engine.prompt import Budget
from sidelong.settings import Settings

COLD_S: Final = 1.0
"""Seconds in which the models together are to have read a cold prompt."""

FLOOR: Final = Budget(prefix=384, suffix=128, context=448, generated=0)
"""Code from other files is the last to save at; see `bench/README.md`."""

STEP: Final = 16
"""Tokens; the next measurement gives the same window more often than not."""

OWN: Final = "the model's own"


@dataclass(frozen=True)
class Window:
    """The most tokens of each part of a prompt, and the reason for that."""

    budget: Budget
    reason: str = OWN
    shrunk: bool = False
    """True if it is smaller than the model's own, for the sake of speed."""

    def facts(self) -> dict[str, Any]:
        """The window as JSON; docs/commands.md has the names."""
        budget = self.budget
        return {
            "prefix": budget.prefix,
            "suffix": budget.suffix,
            "context": budget.context,
            "reason": self.reason,
        }

    def wished(self, settings: Settings) -> Window:
        """This window with the user's wishes on top."""
        wishes = {
            "prefix": settings.prefix_tokens,
            "suffix": settings.suffix_tokens,
            "context": settings.context_tokens,
            "generated": settings.max_tokens,
        }
        wished = {part: wish for part, wish in wishes.items() if wish is not None}
        budget = replace(self.budget, **wished)
        named = [f"budget.{part}" for part in wished if part != "generated"]
        reason = f"{self.reason}; {', '.join(named)} as set" if named else self.reason
        return replace(self, budget=budget, reason=reason)


def can_shrink(own: Budget) -> bool:
    """True if the speed of the machine matters to this budget."""
    return _floor(own) != own


def affordable(own: Budget, prefill: float | None, *, seconds: float = COLD_S) -> Window:
    """The part of a model's own budget that is read in so many seconds, but no less than a floor.

    `prefill` is in tokens per second; None where it is not known.
    """
    if not can_shrink(own):
        return Window(own)
    if prefill is None:
        return Window(own, f"{OWN}; this machine's speed is not measured yet")
    floor = _floor(own)
    most, least, room = _read(own), _read(floor), prefill * seconds
    if most <= room:
        return Window(own)
    share = max(0.0, room - least) / (most - least)

    def part(low: int, high: int) -> int:
        return low + int((high - low) * share) // STEP * STEP

    budget = Budget(
        prefix=part(floor.prefix, own.prefix),
        suffix=part(floor.suffix, own.suffix),
        context=part(floor.context, own.context),
        generated=own.generated,
    )
    return Window(
        budget,
        f"{_read(budget):,} of the model's own {most:,} tokens, because this machine reads "
        f"{prefill:,.0f} a second",
        shrunk=True,
    )


def _floor(own: Budget) -> Budget:
    return Budget(
        prefix=min(own.prefix, FLOOR.prefix),
        suffix=min(own.suffix, FLOOR.suffix),
        context=min(own.context, FLOOR.context),
        generated=own.generated,
    )


def _read(budget: Budget) -> int:
    """Tokens of the longest prompt."""
    return budget.prefix + budget.suffix + budget.context
