"""The prompt grammar: how the parts of a document and of its repository stand in a prompt; pure.

A model that decides for itself whether to retrieve reads

    <fim_suffix> R <fim_prefix> L <eof>          P(<cc>) is read at <eof>
        abstain:   <fim_middle> target <eos>
        retrieve:  <cc> C <fim_middle> target <eos>

R is the code after the cursor, L the code before it, C the retrieved chunks.
R stands first so that typing, which changes only the end of L, leaves the KV cache valid.
`<eof>` and `<cc>` are the two tokens Repoformer adds to a code model (ICML 2024, section 3);
its own weights have L before R.
Training and serving call these same functions; windows into the document are `view`'s.

A stock model cannot decide, and most were trained with L first (`infill_prompt`):

    C <fim_prefix> whole lines of L <fim_suffix> R <fim_middle> typed part of the line, target

The typed part stands last for the same reason, as llama.vim has it, where its end is healed.
Where C stands and how a file is headed differs: that is a model's `Layout`, see `model.families`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from sidelong_index import Hit

Tokenize = Callable[[str], list[int]]
"""Plain text to token ids: special tokens are neither parsed nor added."""

TYPED = 128
"""Room for the text typed behind an anchor, in tokens; see `anchor`."""

Part: TypeAlias = int | str
"""A special token, or text in which `{path}` and the like are filled in."""


@dataclass(frozen=True)
class Layout:
    """The form in which a model was trained to see a file among others of its repository.

    The parts of `chunk` know `{path}`, `{text}` and `{remark}` (the text, each line commented out);
    the others know the open file's `{path}` and its repository's name, `{project}`.
    `{comment}` is what begins a comment in the open file.
    """

    name: str
    """Of the family of models, for people."""
    chunk: tuple[Part, ...]
    opening: tuple[Part, ...] = ()
    """Before the first chunk."""
    current: tuple[Part, ...] = ()
    """After the last chunk, where the open file begins."""
    heading: tuple[Part, ...] = ()
    """Behind the prefix token, before L, where chunks were read."""
    inside: bool = False
    """True if the chunks, too, stand behind the prefix token."""
    lead: str = ""
    """The text that the model's own tokenizer puts before L: SentencePiece's leading space."""
    best_last: bool = True
    """True if the best chunk stands last, nearest the target."""


@dataclass(frozen=True)
class OpenFile:
    """The open file, as layouts name it."""

    path: str = ""
    project: str = ""
    """The name of the repository, or of the folder; empty if there is none."""
    comment: str = "#"


@dataclass(frozen=True)
class Special:
    """The ids of the special tokens; None where the model has no such token."""

    eos: int
    fim_prefix: int
    fim_middle: int | None
    """None if the model was trained to go on from L, with R before it."""
    fim_suffix: int
    file_sep: int | None = None
    eof: int | None = None
    cc: int | None = None
    bos: int | None = None
    """The first token of every sequence, for models that want one."""
    suffix_first: bool = True
    """True if the model was trained with R before L."""
    family: Layout | None = None
    """The layout of a family of stock models; None for a model of ours."""

    @property
    def layout(self) -> Layout:
        """The form in which the model was trained to see a file among others of its repository."""
        if self.family is not None:
            return self.family
        separator = () if self.file_sep is None else (self.file_sep,)
        return Layout("sidelong", chunk=(*separator, "{path}\n{text}"))

    @property
    def decides(self) -> bool:
        """True if the model can ask for the repository's code."""
        return self.eof is not None and self.cc is not None

    @property
    def middle(self) -> list[int]:
        """The tokens between the parts that were read and the target."""
        return [] if self.fim_middle is None else [self.fim_middle]

    @property
    def start(self) -> list[int]:
        """The tokens that every sequence begins with."""
        return [] if self.bos is None else [self.bos]


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
        return self.prefix + self.suffix + self.context + self.generated + TYPED + 8


def fit(budget: Budget, n_ctx: int) -> Budget:
    """Shrink `budget` to what `n_ctx` holds: context first, then suffix, then prefix."""
    excess = max(0, budget.total - n_ctx)
    for part in ("context", "suffix", "prefix"):
        cut = min(excess, getattr(budget, part))
        budget = replace(budget, **{part: getattr(budget, part) - cut})
        excess -= cut
    return budget


def decision_prompt(special: Special, *, suffix: Sequence[int], prefix: Sequence[int]) -> list[int]:
    """The prompt of a decision; P(<cc>) is read at its last position."""
    before = [special.fim_prefix, *prefix]
    after = [special.fim_suffix, *suffix]
    both = [*after, *before] if special.suffix_first else [*before, *after]
    end = [] if special.eof is None else [special.eof]
    return [*special.start, *both, *end]


def abstain_prompt(special: Special, decision: Sequence[int]) -> list[int]:
    """The prompt of a completion from the open file alone."""
    return [*decision, *special.middle]


def retrieve_prompt(special: Special, decision: Sequence[int], context: Sequence[int]) -> list[int]:
    """The prompt of a completion that has read `context` (see `context`)."""
    asked = [] if special.cc is None else [special.cc]
    return [*decision, *asked, *context, *special.middle]


def infill_prompt(
    special: Special,
    *,
    prefix: Sequence[int],
    suffix: Sequence[int],
    typed: Sequence[int] = (),
    context: Sequence[int] = (),
    heading: Sequence[int] = (),
) -> list[int]:
    """The prompt of a stock model.

    `prefix` holds L's whole lines and `typed` the rest, or `prefix` holds all of L; the latter
    where the model has no middle token. `context` and `heading` are `context`'s and `heading`'s.
    """
    inside = context if special.layout.inside else ()
    outside = () if special.layout.inside else context
    before = [special.fim_prefix, *inside, *heading, *prefix]
    after = [special.fim_suffix, *suffix]
    both = [*after, *before] if special.suffix_first else [*before, *after]
    return [*special.start, *outside, *both, *special.middle, *typed]


def context(
    special: Special,
    hits: Sequence[Hit],
    *,
    tokenize: Tokenize,
    budget: int,
    file: OpenFile | None = None,
) -> list[int]:
    """The retrieved chunks as at most `budget` tokens, with what the layout puts around them.

    `hits` come best first; the best ends nearest the target, unless the layout wants it first.
    A chunk that does not fit whole loses its last lines; what would be less than half of it
    is left out, for a fragment helps less than the tokens it costs.
    """
    layout, file = special.layout, file or OpenFile()
    nameless = not file.project and any("{project}" in str(part) for part in layout.opening)
    opening = [] if nameless else _fill(layout.opening, file, tokenize)
    current = _fill(layout.current, file, tokenize)
    room = budget - len(opening) - len(current)
    blocks: list[list[int]] = []
    for hit in hits:
        block = _block(layout, hit, file, tokenize=tokenize, room=room) if room > 0 else []
        if not block:
            break
        blocks.append(block)
        room -= len(block)
    if not blocks:
        return []
    ordered = reversed(blocks) if layout.best_last else blocks
    return [*opening, *(token for block in ordered for token in block), *current]


def heading(special: Special, *, tokenize: Tokenize, file: OpenFile) -> list[int]:
    """The tokens before L in a prompt with retrieved chunks."""
    return _fill(special.layout.heading, file, tokenize)


def _block(layout: Layout, hit: Hit, file: OpenFile, *, tokenize: Tokenize, room: int) -> list[int]:
    """The chunk's tokens, at most `room`; none if less than half of it would be left."""

    def block(text: str) -> list[int]:
        text = hit.context + text
        remark = "".join(f"{file.comment} {line}\n" for line in text.splitlines())
        return _fill(layout.chunk, replace(file, path=hit.path), tokenize, text, remark)

    text = hit.text if hit.text.endswith("\n") else hit.text + "\n"
    whole = block(text)
    if len(whole) <= room:
        return whole
    if len(whole) > 2 * room:
        return []
    lines = text.split("\n")[:-1]
    for kept in range(len(lines) - 1, (len(lines) - 1) // 2, -1):
        shorter = block("\n".join(lines[:kept]) + "\n")
        if len(shorter) <= room:
            return shorter
    return []


def _fill(
    parts: Sequence[Part], file: OpenFile, tokenize: Tokenize, text: str = "", remark: str = ""
) -> list[int]:
    tokens: list[int] = []
    for part in parts:
        if isinstance(part, int):
            tokens.append(part)
            continue
        tokens += tokenize(
            part.format(
                path=file.path,
                project=file.project,
                comment=file.comment,
                text=text,
                remark=remark,
            )
        )
    return tokens
