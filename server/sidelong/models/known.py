"""Models of other makers that fill in the middle, for users who want more than the shipped one.

We have run none of them: names, sizes and licences are their publishers', as of November 2026,
and the memory is an estimate.
The list has base models only; chat models often lack the training to fill in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONTEXT_BYTES: Final = 600_000_000
"""For the KV cache of some 2,600 tokens, the logits of a batch and Python; an estimate."""


@dataclass(frozen=True)
class Known:
    """One file of one repository on the Hugging Face Hub."""

    repo: str
    file: str
    size_bytes: int
    """To a few percent, except where the publisher's exact number was at hand."""
    licence: str
    family: str
    """As `model.families` names it."""
    note: str = ""

    @property
    def source(self) -> str:
        """The argument for `sidelong model pull`."""
        return f"{self.repo}:{self.file}"

    @property
    def memory_bytes(self) -> int:
        """The main memory that it needs to run; an estimate."""
        return memory_for(self.size_bytes)


def memory_for(size_bytes: int) -> int:
    """The main memory that a model of this size needs; an estimate, not measured."""
    return size_bytes + size_bytes // 10 + CONTEXT_BYTES


def _qwen(parameters: str, size_bytes: int, licence: str = "apache-2.0", note: str = "") -> Known:
    repo = f"ggml-org/Qwen2.5-Coder-{parameters}-Q8_0-GGUF"
    file = f"qwen2.5-coder-{parameters.lower()}-q8_0.gguf"
    return Known(repo, file, size_bytes, licence, "Qwen2.5-Coder", note)


KNOWN: Final = (
    _qwen("0.5B", 531_068_128),
    Known(
        "TheBloke/deepseek-coder-1.3b-base-GGUF",
        "deepseek-coder-1.3b-base.Q8_0.gguf",
        1_430_000_000,
        "deepseek",
        "DeepSeek-Coder",
    ),
    Known(
        "bartowski/codegemma-2b-GGUF",
        "codegemma-2b-Q4_K_M.gguf",
        1_630_000_000,
        "gemma",
        "CodeGemma",
    ),
    _qwen("1.5B", 1_646_573_056, note="a good place to begin"),
    Known(
        "second-state/StarCoder2-3B-GGUF",
        "starcoder2-3b-Q4_K_M.gguf",
        1_850_000_000,
        "bigcode-openrail-m",
        "StarCoder2",
    ),
    Known(
        "ibm-granite/granite-3b-code-base-2k-GGUF",
        "granite-3b-code-base.Q4_K_M.gguf",
        2_130_000_000,
        "apache-2.0",
        "StarCoder or Granite",
    ),
    _qwen("3B", 3_285_476_160, "qwen-research", "not for commercial use"),
    Known(
        "ibm-granite/granite-8b-code-base-4k-GGUF",
        "granite-8b-code-base.Q4_K_M.gguf",
        4_880_000_000,
        "apache-2.0",
        "StarCoder or Granite",
    ),
    _qwen("7B", 8_098_525_600),
)
"""The smallest first."""
