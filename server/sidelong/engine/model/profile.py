"""A model's profile, as its GGUF states it: special tokens, budget and threshold; pure.

Nothing is typed in by the user: a model that was made for sidelong carries `sidelong.*` metadata;
what is not said there, and any other model, gets the defaults of its family (`families`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sidelong.engine.gate import Formula, parse_formula
from sidelong.engine.mixture import DEFAULT, Mixture, parse
from sidelong.engine.model.families import STRANGER, Family, Metadata, TokenId, recognise
from sidelong.engine.prompt import Budget, Special
from sidelong.errors import ModelWithoutFim

DECISION_TOKENS = (("<eof>", "<cc>"), ("<end_rc>", "<cfc_info>"))
"""Names of the two tokens Repoformer adds: in the paper, and in its published weights."""

FILE_SEPARATORS = ("<file_sep>", "<|file_sep|>", "<|file_separator|>", "<filename>")

DEFAULT_BUDGET = Budget(prefix=1024, suffix=512, context=1024, generated=64)
DEFAULT_THRESHOLD = 0.5

NO_MIXTURE = "none"
"""In the place of a mixture: this model writes better without the workspace cache."""


@dataclass(frozen=True)
class Profile:
    """The facts that prompts for one model are made of."""

    special: Special
    budget: Budget
    threshold: float
    formula: Formula | None
    """See `protocol.Model.formula`."""
    mixture: Mixture | None
    """See `protocol.Model.mixture`."""
    ends: frozenset[int]
    """Tokens that end a completion, besides those that llama.cpp knows as such."""
    decision: int | None = None
    """The token whose logit is that of `<cc>`, where the file has one. With tied embeddings a token
    has one row, which says both when it is likely and what it means to the model that reads it;
    fitting the first would change the second, and every text behind retrieved chunks."""


def read(
    *,
    name: str,
    metadata: Metadata,
    token_id: TokenId,
    fim: tuple[int | None, int | None, int | None],
    eos: int | None,
    bos: int | None = None,
) -> Profile:
    """The profile of the model `name`.

    `fim` are the prefix, suffix and middle tokens that the file names as such, where it does;
    `token_id` finds a special token by its text; `bos` is given if sequences begin with it.
    Raises `ModelWithoutFim`.
    """
    family = recognise(token_id, metadata) or STRANGER
    ours = _is_ours(metadata)
    prefix, suffix, middle = _fim(family, token_id, fim)
    if prefix is None or suffix is None or (middle is None and family.fim[2] is not None):
        raise ModelWithoutFim(
            f"The model {name} has no fill-in-the-middle tokens, so it cannot complete between "
            "a prefix and a suffix. Use a code model made for infilling, or leave "
            "`sidelong.model.path` empty for the default model."
        )
    eof, cc = _decision(token_id)
    file_sep = next((i for text in FILE_SEPARATORS if (i := token_id(text)) is not None), None)
    special = Special(
        eos=-1 if eos is None else eos,
        fim_prefix=prefix,
        fim_middle=middle,
        fim_suffix=suffix,
        file_sep=file_sep,
        eof=eof,
        cc=cc,
        bos=bos,
        suffix_first=_suffix_first(metadata) if ours else family.suffix_first,
        family=None if ours else family.of(token_id),
    )
    ends = (token_id(text) for text in family.ends)
    return Profile(
        special,
        _budget(metadata),
        _threshold(metadata),
        parse_formula(metadata("sidelong.gate.score") or ""),
        _mixture(metadata),
        frozenset(token for token in (*ends, prefix, suffix, middle) if token is not None),
        token_id(metadata("sidelong.gate.token") or "") if cc is not None else None,
    )


def _fim(
    family: Family, token_id: TokenId, named: tuple[int | None, int | None, int | None]
) -> tuple[int | None, int | None, int | None]:
    """The tokens that the file names, else the family's."""
    if None not in named:
        return named
    prefix, suffix, middle = family.fim
    return token_id(prefix), token_id(suffix), None if middle is None else token_id(middle)


def _decision(token_id: TokenId) -> tuple[int | None, int | None]:
    for eof_text, cc_text in DECISION_TOKENS:
        eof, cc = token_id(eof_text), token_id(cc_text)
        if eof is not None and cc is not None:
            return eof, cc
    return None, None


def _budget(metadata: Metadata) -> Budget:
    def tokens(key: str, default: int) -> int:
        value = metadata(f"sidelong.{key}")
        return int(value) if value and value.isdigit() else default

    return Budget(
        prefix=tokens("prefix_tokens", DEFAULT_BUDGET.prefix),
        suffix=tokens("suffix_tokens", DEFAULT_BUDGET.suffix),
        context=tokens("context_tokens", DEFAULT_BUDGET.context),
        generated=tokens("max_tokens", DEFAULT_BUDGET.generated),
    )


def _threshold(metadata: Metadata) -> float:
    try:
        value = float(metadata("sidelong.gate.threshold") or DEFAULT_THRESHOLD)
    except ValueError:
        return DEFAULT_THRESHOLD
    return value if 0.0 <= value <= 1.0 else DEFAULT_THRESHOLD


def _mixture(metadata: Metadata) -> Mixture | None:
    """The file's own, the built-in one for a model of ours, and none for a stranger.

    The built-in one was fitted with a very small model; a larger one knows better itself, and says
    so by `none`.
    """
    text = metadata("sidelong.cache.mixture") or ""
    if text == NO_MIXTURE:
        return None
    return parse(text) or (DEFAULT if _is_ours(metadata) else None)


def _suffix_first(metadata: Metadata) -> bool:
    """The order that a model of ours was trained in: suffix first, but for experiments."""
    return metadata("sidelong.order") != "prefix first"


def _is_ours(metadata: Metadata) -> bool:
    """True if the model was trained by this project's pipeline."""
    return metadata("sidelong.edition") is not None
