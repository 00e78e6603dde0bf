"""The options of the process that starts the server; everything else is settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sidelong import paths
from sidelong.sections import Section


@dataclass(frozen=True)
class ServeOptions:
    """The options of `sidelong serve`."""

    overrides: Section = field(default_factory=dict)
    """Settings that win over the config file and the editor's initialization options, by their
    names: `{"model.path": "a.gguf", "threads": 2}`."""
    config_file: Path = field(default_factory=paths.config_file)
    cache_dir: Path | None = field(default_factory=paths.index_cache_dir)
    """The folder of the indexes between runs; None keeps none."""
    log_level: str = "info"
    log_file: Path | None = None
    """The file of the log; None means stderr."""

    def override(self, values: Mapping[str, object]) -> ServeOptions:
        """These options with more overrides."""
        return ServeOptions(
            {**self.overrides, **values},
            self.config_file,
            self.cache_dir,
            self.log_level,
            self.log_file,
        )
