"""The settings a user can change, as values; parsing them is left to `sections`."""

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
    """The settings that may differ between workspace folders."""

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
        """True if completions are wanted for a language id; `"*"` stands for those not named."""
        return self.languages.get(language, self.languages.get("*", True))


@dataclass(frozen=True)
class UserSettings:
    """The settings that only the user may change.

    They read files outside the workspace, load the machine, or are needed before any folder is
    known.
    """

    model: Path | None = None
    policy: Path | None = None
    threads: int | None = None
    gpu_layers: int = -1
    n_ctx: int | None = None
    unload_after_minutes: float = field(default=30, compare=False)
    """0 for never. Not compared, because a change needs no other model to be loaded."""
    count_acceptance: bool = field(default=False, compare=False)
    """Not compared, because a change needs no other model to be loaded."""
    remote: str | None = None
    """The address of a server that writes in the place of the model; code is sent there."""
    remote_format: str | None = None
    remote_name: str | None = None
    remote_timeout_ms: int = 3000
    remote_plain_token: bool = False
    shipped: Path | None = None
    """The package's model that suits the machine, for where `model` or `policy` is not set; chosen
    by `shipped.choose`, never set by the user."""
    completion: bool = field(default=False, compare=False)
    """Not compared, because it is read once, before any model is loaded."""
