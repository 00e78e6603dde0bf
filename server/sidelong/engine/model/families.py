"""The formats in which families of code models were trained to infill; data, and pure.

A family is recognised by the texts of its special tokens and, where two families share them, by
the name in the file; the first that fits is it.
`prompt.Layout` says what the templates mean; `<...>` in them stands for that token.
Where each is published:

- **Repoformer**: amazon-science/Repoformer, `repo_eval/eval_vllm_repoformer.py` and
  `finetuning/data_creation/1_create_chunk.py`. It decides; the best chunk comes first.
- **Qwen2.5-Coder**: technical report (arXiv 2409.12186), figures 3 and 4, and its README.
- **CodeGemma**: its documentation (ai.google.dev, "prompt structure") and the announcement
  (huggingface.co/blog/codegemma), whose sample shows what follows a separator: a path, a line
  end, a FIM token.
- **StarCoder2**: StarCoder 2 and The Stack v2 (arXiv 2402.19173), section 5.1. FIM is applied to a
  file with its path, so the path of the open file stands behind the prefix token.
- **StarCoder**, and **Granite Code**, which has its vocabulary: StarCoder (arXiv 2305.06161),
  section 5.1; FIM was applied to a file with its name. Nothing is published on other files.
- **DeepSeek-Coder**: its README, "Code Insertion" and "Repository Level Code Completion".
- **Codestral**: mistral-common, `InstructTokenizerV2.encode_fim`; other files as in Continue
  (`AutocompleteTemplate.ts`), since Mistral publishes nothing. Suffix first, no middle token. Other
  models of Mistral have the same tokens without the training.
- **Mellum** (not Mellum 2): the model card of JetBrains/Mellum-4b-base, "Fill in the middle with
  additional files as context generation", and its paper (arXiv 2510.05788): suffix first. Its
  tokens are StarCoder's.
- **Seed-Coder**: its technical report (arXiv 2506.03524), section 2.2.6: suffix first. Nothing is
  published on how other files stood in its training.
- **CodeLlama**: meta-llama/codellama, `infilling_prompt_tokens`. Nothing is published on other
  files: they stand in the prefix under their path as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sidelong.engine.prompt import Layout, Part

TokenId = Callable[[str], int | None]
"""Finds a special token by its text."""

Metadata = Callable[[str], str | None]
"""The file's value of a key as text; None where it has none."""

_SPECIAL = re.compile(r"(<[^<>\s]+>)")
_NAMES = ("general.name", "general.basename", "tokenizer.ggml.pre")
"""The values of a file that may name its family."""


@dataclass(frozen=True)
class Family:
    """One family of models."""

    layout: Layout
    """With each template as one part, tokens by their texts; see `of`."""
    fim: tuple[str, str, str | None]
    """The prefix, suffix and middle tokens; None where the model goes on from the prefix."""
    needs: tuple[str, ...] = ()
    """Other tokens, by which it is told from families with the same FIM tokens."""
    ends: tuple[str, ...] = ()
    """Tokens that end a completion and that llama.cpp may not know as such."""
    suffix_first: bool = False
    named: re.Pattern[str] | None = None
    """Found in one of the names of the file, where other families have the same tokens."""

    def fits(self, token_id: TokenId, metadata: Metadata) -> bool:
        """True if a model with these tokens and this metadata is of the family."""
        wanted = (*(text for text in self.fim if text is not None), *self.needs)
        if any(token_id(text) is None for text in wanted):
            return False
        named = self.named
        return named is None or any(named.search(metadata(key) or "") for key in _NAMES)

    def of(self, token_id: TokenId) -> Layout:
        """The layout with a model's own tokens in it."""
        return replace(
            self.layout,
            chunk=_parts(self.layout.chunk, token_id),
            opening=_parts(self.layout.opening, token_id),
            current=_parts(self.layout.current, token_id),
            heading=_parts(self.layout.heading, token_id),
        )


_BIGCODE = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
_PIPED = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")

_REPOFORMER = Layout(
    "Repoformer",
    opening=(
        "\n\n{comment} Here are some relevant code fragments from other files of the repo:\n\n",
    ),
    chunk=("{comment} the below code fragment can be found in:\n{comment} {path}\n{remark}\n",),
    best_last=False,
)
_QWEN = Layout(
    "Qwen2.5-Coder",
    opening=("<|repo_name|>{project}\n",),
    chunk=("<|file_sep|>{path}\n{text}",),
    current=("<|file_sep|>{path}\n",),
)
_CODEGEMMA = Layout(
    "CodeGemma",
    chunk=("<|file_separator|>{path}\n{text}",),
    current=("<|file_separator|>{path}\n",),
)
_STARCODER2 = Layout(
    "StarCoder2",
    opening=("<repo_name>{project}",),
    chunk=("<file_sep>{path}\n{text}",),
    current=("<file_sep>",),
    heading=("{path}\n",),
)
_STARCODER = Layout(
    "StarCoder or Granite",
    opening=("<reponame>{project}",),
    chunk=("<filename>{path}\n{text}",),
    heading=("<filename>{path}\n",),
    inside=True,
)
_MELLUM = Layout(
    "Mellum",
    chunk=("<filename>{path}\n{text}",),
    current=("<filename>{path}\n",),
)
_DEEPSEEK = Layout(
    "DeepSeek-Coder",
    chunk=("{comment}{path}\n{text}\n",),
    heading=("{comment}{path}\n",),
    inside=True,
)
_CODESTRAL = Layout(
    "Codestral",
    chunk=("+++++ {path}\n{text}\n",),
    heading=("+++++ {path}\n",),
    inside=True,
    lead=" ",
)
_UNKNOWN = Layout(
    "unknown",
    chunk=("{comment} {path}\n{text}\n",),
    heading=("{comment} {path}\n",),
    inside=True,
)
_CODELLAMA = replace(_UNKNOWN, name="CodeLlama", lead=" ")
_SEED_CODER = replace(_UNKNOWN, name="Seed-Coder")

_BIGCODE_ENDS = ("<|endoftext|>", "<fim_pad>")

FAMILIES = (
    Family(_REPOFORMER, _BIGCODE, needs=("<end_rc>", "<cfc_info>"), ends=_BIGCODE_ENDS),
    Family(_REPOFORMER, _BIGCODE, needs=("<eof>", "<cc>"), ends=_BIGCODE_ENDS),
    Family(
        _QWEN,
        _PIPED,
        needs=("<|repo_name|>", "<|file_sep|>"),
        ends=("<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|im_end|>"),
    ),
    Family(
        _CODEGEMMA,
        _PIPED,
        needs=("<|file_separator|>",),
        ends=("<|file_separator|>", "<eos>", "<end_of_turn>"),
    ),
    Family(
        _STARCODER2,
        _BIGCODE,
        needs=("<repo_name>", "<file_sep>"),
        ends=(*_BIGCODE_ENDS, "<repo_name>", "<file_sep>"),
    ),
    Family(
        _MELLUM,
        _BIGCODE,
        needs=("<filename>",),
        ends=(*_BIGCODE_ENDS, "<filename>", "<reponame>"),
        suffix_first=True,
        named=re.compile(r"\bmellum\b(?! ?2)", re.IGNORECASE),
    ),
    Family(
        _STARCODER,
        _BIGCODE,
        needs=("<reponame>", "<filename>"),
        ends=(*_BIGCODE_ENDS, "<reponame>", "<filename>"),
    ),
    Family(
        _DEEPSEEK,
        ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
        ends=("<｜end▁of▁sentence｜>", "<|EOT|>"),
    ),
    Family(
        _SEED_CODER,
        ("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"),
        ends=(
            "<[end▁of▁sentence]>",
            "<[begin▁of▁sentence]>",
            "<[PAD▁TOKEN]>",
            "<[SEP▁TOKEN]>",
        ),
        suffix_first=True,
    ),
    Family(_CODELLAMA, ("▁<PRE>", "▁<SUF>", "▁<MID>"), ends=("▁<EOT>", "</s>")),
    Family(_CODESTRAL, ("[PREFIX]", "[SUFFIX]", None), ends=("</s>",), suffix_first=True),
    Family(_UNKNOWN, _BIGCODE, ends=_BIGCODE_ENDS),
    Family(_UNKNOWN, _PIPED, ends=("<|endoftext|>",)),
    Family(_UNKNOWN, ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"), ends=("<|endoftext|>",)),
    Family(_UNKNOWN, ("<PRE>", "<SUF>", "<MID>"), ends=("<EOT>", "</s>")),
)
"""In the order in which they are tried."""

STRANGER = Family(_UNKNOWN, ("", "", ""))
"""A model whose file names its FIM tokens while their texts fit no family."""


def recognise(token_id: TokenId, metadata: Metadata) -> Family | None:
    """The family that the model is of, if any."""
    return next((family for family in FAMILIES if family.fits(token_id, metadata)), None)


def _parts(templates: tuple[Part, ...], token_id: TokenId) -> tuple[Part, ...]:
    pieces = (piece for text in templates for piece in _SPECIAL.split(str(text)) if piece)
    found = ((piece, token_id(piece) if _SPECIAL.fullmatch(piece) else None) for piece in pieces)
    return tuple(piece if token is None else token for piece, token in found)
