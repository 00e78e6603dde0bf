"""What whoever starts the server decides; everything else is settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sidelong import paths
from sidelong.sections import Section


@dataclass(frozen=True)
class ServeOptions:
    """The command line, in our words."""

    overrides: Section = field(default_factory=dict)
    """Settings that win over the config file and the editor's initialization options, by their
    names: `{"model.path": "a.gguf", "threads": 2}`."""
    config_file: Path = field(default_factory=paths.config_file)
    cache_dir: Path | None = field(default_factory=paths.index_cache_dir)
    """Where indexes are kept between runs; None keeps none."""
    log_level: str = "info"
    log_file: Path | None = None
    """Where the log goes; None means stderr."""

    def override(self, values: Mapping[str, object]) -> ServeOptions:
        """These options with more overrides; for callers that build them up."""
        return ServeOptions(
            {**self.overrides, **values},
            self.config_file,
            self.cache_dir,
            self.log_level,
            self.log_file,
        )
