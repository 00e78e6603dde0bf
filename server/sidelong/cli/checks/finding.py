"""The finding of a check: a fact, a state, and a remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "note", "broken"]
"""`note`: it works, but could work better; `broken`: something does not work."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    name: str
    state: State
    fact: str
    remedy: str = ""
    """The remedy; empty only if all is well."""
    details: Mapping[str, object] = field(default_factory=dict)
    """The fact in values, for programs."""
