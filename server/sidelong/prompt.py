"""The prompt grammar of models that decide for themselves whether to retrieve; pure.

    <fim_suffix> R <fim_prefix> L <eof>          P(<cc>) is read at <eof>
        abstain:   <fim_middle> target <eos>
        retrieve:  <cc> C <fim_middle> target <eos>

R is the code after the cursor, L the code before it, C the retrieved chunks.
R stands first so that typing, which changes only the end of L, leaves the KV cache valid.
`<eof>` and `<cc>` are the two tokens Repoformer adds to a code model (ICML 2024, section 3);
its own weights have L before R.
Training and serving call these same functions; windows into the document are `sidelong.window`'s.

A stock model cannot decide, and was trained with L first (`infill`):

    C <fim_prefix> whole lines of L <fim_suffix> R <fim_middle> typed part of the line, target

The typed part stands last for the same reason, as llama.vim has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidelong_index import Hit

Tokenize = Callable[[str], list[int]]
"""Plain text to token ids: special tokens are neither parsed nor added."""


@dataclass(frozen=True)
class Special:
    """The ids of the special tokens; None where the model has no such token."""

    eos: int
    fim_prefix: int
    fim_middle: int
    fim_suffix: int
    file_sep: int | None = None
    eof: int | None = None
    cc: int | None = None
    bos: int | None = None
    """What every sequence begins with, for models that want it."""
    suffix_first: bool = True
    """Whether a model that decides was trained with R before L."""

    @property
    def decides(self) -> bool:
        """Whether the model can say that it wants the repository's code."""
        return self.eof is not None and self.cc is not None


@dataclass(frozen=True)
class Budget:
    """The most tokens each part of a prompt may take."""

    prefix: int
    suffix: int
    context: int
    generated: int

    @property
    def total(self) -> int:
        """Tokens of the longest sequence a request can make, special tokens included."""
        return self.prefix + self.suffix + self.context + self.generated + 8


def fit(budget: Budget, n_ctx: int) -> Budget:
    """Shrink `budget` to what `n_ctx` holds: context first, then suffix, then prefix."""
    excess = max(0, budget.total - n_ctx)
    for part in ("context", "suffix", "prefix"):
        cut = min(excess, getattr(budget, part))
        budget = replace(budget, **{part: getattr(budget, part) - cut})
        excess -= cut
    return budget


def look(special: Special, *, suffix: Sequence[int], prefix: Sequence[int]) -> list[int]:
    """What the model reads before anything is decided; its last position holds P(<cc>)."""
    before = [special.fim_prefix, *prefix]
    after = [special.fim_suffix, *suffix]
    tokens = [*after, *before] if special.suffix_first else [*before, *after]
    if special.eof is not None:
        tokens.append(special.eof)
    return tokens


def abstain(special: Special, looked: Sequence[int]) -> list[int]:
    """The prompt of a completion from the open file alone."""
    return [*looked, special.fim_middle]


def retrieve(special: Special, looked: Sequence[int], context: Sequence[int]) -> list[int]:
    """The prompt of a completion that has read `context` (see `context`)."""
    opening = [] if special.cc is None else [special.cc]
    return [*looked, *opening, *context, special.fim_middle]


def infill(
    special: Special,
    *,
    prefix: Sequence[int],
    suffix: Sequence[int],
    typed: Sequence[int],
    context: Sequence[int] = (),
) -> list[int]:
    """The prompt of a stock model; `prefix` holds whole lines, `typed` the rest of L."""
    start = [] if special.bos is None else [special.bos]
    middle = [special.fim_prefix, *prefix, special.fim_suffix, *suffix, special.fim_middle]
    return [*start, *context, *middle, *typed]


def context(special: Special, hits: Sequence[Hit], *, tokenize: Tokenize, budget: int) -> list[int]:
    """The retrieved chunks as at most `budget` tokens, the best one last, nearest the target.

    `hits` come best first.
    A chunk that does not fit whole loses its last lines; what would be less than half of it
    is left out, for a fragment helps less than the tokens it costs.
    """
    blocks: list[list[int]] = []
    room = budget
    for hit in hits:
        if room <= 0:
            break
        block = _block(special, hit, tokenize=tokenize, room=room)
        if not block:
            break
        blocks.append(block)
        room -= len(block)
    return [token for block in reversed(blocks) for token in block]


def _block(special: Special, hit: Hit, *, tokenize: Tokenize, room: int) -> list[int]:
    head = [] if special.file_sep is None else [special.file_sep]
    text = hit.text if hit.text.endswith("\n") else hit.text + "\n"
    block = head + tokenize(f"{hit.path}\n{hit.context}{text}")
    if len(block) <= room:
        return block
    if len(block) > 2 * room:
        return []
    lines = text.split("\n")[:-1]
    for kept in range(len(lines) - 1, (len(lines) - 1) // 2, -1):
        shorter = "\n".join(lines[:kept]) + "\n"
        block = head + tokenize(f"{hit.path}\n{hit.context}{shorter}")
        if len(block) <= room:
            return block
    return []
