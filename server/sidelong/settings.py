"""The settings a user can change, as values; how they are written is left to `sections`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

RetrievalMode: TypeAlias = Literal["auto", "always", "never"]
Rule: TypeAlias = Literal["threshold", "greedy"]


@dataclass(frozen=True)
class Settings:
    """What may differ from one workspace folder to the next."""

    enabled: bool = True
    languages: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    exclude: tuple[str, ...] = ()
    retrieval: RetrievalMode = "auto"
    rule: Rule = "threshold"
    threshold: float | None = None
    max_chunks: int = 6
    prefix_tokens: int | None = None
    suffix_tokens: int | None = None
    context_tokens: int | None = None
    max_tokens: int | None = None
    max_lines: int = 8
    min_probability: float = 0.02
    debounce_ms: int = 0
    token_healing: bool = True
    workspace_cache: bool = True

    def language_on(self, language: str) -> bool:
        """Whether completions are wanted for a language id; `"*"` speaks for the unnamed ones."""
        return self.languages.get(language, self.languages.get("*", True))


@dataclass(frozen=True)
class UserSettings:
    """What only the user may set: it reads outside the workspace, loads the machine, or is asked
    for before any folder is known."""

    model: Path | None = None
    policy: Path | None = None
    threads: int | None = None
    gpu_layers: int = -1
    n_ctx: int | None = None
    count_acceptance: bool = field(default=False, compare=False)
    """Nothing that a model would have to be loaded anew for."""
    completion: bool = field(default=False, compare=False)
    """Asked for once, before anything is loaded."""
