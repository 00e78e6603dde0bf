"""The fields of a model's file, as the product reads them (`sidelong.engine.model.profile`).

Weights are left to the callers.
"""

from __future__ import annotations

from collections.abc import Mapping

import gguf

from sidelong.engine.prompt import Budget
from training.model import Shape
from training.modelfile import Field, count, flag, integers, real, text, texts
from training.tokenizer import Vocabulary

Fields = Mapping[str, Field]

UNDECIDED = 0.5
"""The threshold until `evaluate` has chosen one."""


def about(edition: str, author: str, budget: Budget) -> Fields:
    """Name and budget of a model of ours whose threshold is not chosen yet."""
    return {
        "general.name": text(f"sidelong, edition {edition}"),
        "general.author": text(author),
        "general.license": text("apache-2.0"),
        "general.description": text("Fill-in-the-middle code model that decides when to retrieve"),
        "general.quantization_version": count(gguf.GGML_QUANT_VERSION),
        "sidelong.prefix_tokens": count(budget.prefix),
        "sidelong.suffix_tokens": count(budget.suffix),
        "sidelong.context_tokens": count(budget.context),
        "sidelong.max_tokens": count(budget.generated),
        "sidelong.gate.threshold": real(UNDECIDED),
        "sidelong.edition": text(edition),
    }


def shape(architecture: str, s: Shape, length: int, *, rope_base: float, norm_eps: float) -> Fields:
    """The sizes that llama.cpp needs; `length` is the longest sequence in tokens."""
    said = {
        "block_count": count(s.layers),
        "context_length": count(-(-length // 256) * 256),
        "embedding_length": count(s.width),
        "feed_forward_length": count(s.hidden),
        "attention.head_count": count(s.heads),
        "attention.head_count_kv": count(s.kv_heads),
        "attention.layer_norm_rms_epsilon": real(norm_eps),
        "rope.dimension_count": count(s.head_width),
        "rope.freq_base": real(rope_base),
        "vocab_size": count(s.vocabulary),
    }
    return {f"{architecture}.{key}": field for key, field in said.items()}


def vocabulary(v: Vocabulary, pre_tokenizer: str) -> Fields:
    """Tokens, merges and the special tokens' ids; `pre_tokenizer` is llama.cpp's name for it."""
    special = v.special
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    fim = {
        "pre": special.fim_prefix,
        "suf": special.fim_suffix,
        "mid": special.fim_middle or 0,
        "sep": special.file_sep or 0,
    }
    said = {
        "model": text("gpt2"),
        "pre": text(pre_tokenizer),
        "tokens": texts(v.texts),
        "token_type": integers([normal if piece else control for piece in v.pieces.pieces]),
        "merges": texts(v.merges),
        "add_bos_token": flag(False),
        "add_eos_token": flag(False),
        "bos_token_id": count(special.eos),
        "eos_token_id": count(special.eos),
        **{f"fim_{name}_token_id": count(token) for name, token in fim.items()},
    }
    return {f"tokenizer.ggml.{key}": field for key, field in said.items()}
