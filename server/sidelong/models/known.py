"""Models of other makers that fill in the middle, for users who want more than the shipped one.

Of these we have run the weights of Qwen2.5-Coder-0.5B and 1.5B alone, the latter from another
file: names, sizes and licences are their publishers', as of November 2026, and the memory is an
estimate.
The list has models that were trained to fill in; chat models often lack that training.
It has no BPE file from before May 2024: llama.cpp's converter did not write `tokenizer.ggml.pre`
until then (ggml-org/llama.cpp#6920), and without that the text is cut into other tokens than in
training. So TheBloke's DeepSeek-Coder and second-state's StarCoder2 are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONTEXT_TOKENS: Final = 2816
"""The context that a model gets for its budget."""

USUAL_KV_BYTES: Final = 150_000
"""A token, where the shape of the KV cache is not known: that of Granite 8B."""

BESIDES_BYTES: Final = 400_000_000
"""For buffers, the shipped model as the policy, and Python: with the default one and
Qwen2.5-Coder-0.5B in Q4_K_M they came to 360 MB."""


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
    parameters: int
    """To a few percent."""
    kv_bytes: int = USUAL_KV_BYTES
    """Of the KV cache, a token: 4 bytes for each layer, head of keys and dimension of a head."""
    note: str = ""
    is_no_better: bool = False
    """True if we measured its weights, and they wrote no better than the default model's."""

    @property
    def source(self) -> str:
        """The argument for `sidelong model pull`."""
        return f"{self.repo}:{self.file}"

    @property
    def memory_bytes(self) -> int:
        """The main memory that it needs to run; an estimate."""
        return memory_for(self.size_bytes, self.kv_bytes)


def memory_for(size_bytes: int, kv_bytes: int = USUAL_KV_BYTES) -> int:
    """The main memory that a model of this size needs; an estimate.

    A tenth of the file is for weights that llama.cpp copies into another order.
    """
    return size_bytes + size_bytes // 10 + kv_bytes * CONTEXT_TOKENS + BESIDES_BYTES


def _qwen(
    name: str,
    size_bytes: int,
    parameters: int,
    kv_bytes: int,
    licence: str = "apache-2.0",
    note: str = "",
    is_no_better: bool = False,
) -> Known:
    repo = f"ggml-org/Qwen2.5-Coder-{name}-Q8_0-GGUF"
    file = f"qwen2.5-coder-{name.lower()}-q8_0.gguf"
    family = "Qwen2.5-Coder"
    return Known(repo, file, size_bytes, licence, family, parameters, kv_bytes, note, is_no_better)


KNOWN: Final = (
    _qwen(
        "0.5B",
        531_068_128,
        494_000_000,
        24 * 2 * 64 * 4,
        note="no better than `default` where we measured both",
        is_no_better=True,
    ),
    Known(
        "bartowski/codegemma-2b-GGUF",
        "codegemma-2b-Q4_K_M.gguf",
        1_630_000_000,
        "gemma",
        "CodeGemma",
        2_510_000_000,
        18 * 1 * 256 * 4,
    ),
    _qwen(
        "1.5B",
        1_646_573_056,
        1_540_000_000,
        28 * 2 * 128 * 4,
        note="much better than `default` where we measured both",
    ),
    Known(
        "ibm-granite/granite-3b-code-base-2k-GGUF",
        "granite-3b-code-base.Q4_K_M.gguf",
        2_130_000_000,
        "apache-2.0",
        "StarCoder or Granite",
        3_480_000_000,
        32 * 32 * 80 * 4,
    ),
    _qwen(
        "3B",
        3_285_476_160,
        3_090_000_000,
        36 * 2 * 128 * 4,
        "qwen-research",
        "not for commercial use",
    ),
    Known(
        "JetBrains/Mellum-4b-dpo-all-gguf",
        "mellum-4b-dpo-all.Q8_0.gguf",
        4_270_000_000,
        "apache-2.0",
        "Mellum",
        4_020_000_000,
    ),
    Known(
        "ibm-granite/granite-8b-code-base-4k-GGUF",
        "granite-8b-code-base.Q4_K_M.gguf",
        4_880_000_000,
        "apache-2.0",
        "StarCoder or Granite",
        8_050_000_000,
        36 * 8 * 128 * 4,
    ),
    _qwen("7B", 8_098_525_600, 7_620_000_000, 28 * 4 * 128 * 4),
)
"""The smallest file first."""
