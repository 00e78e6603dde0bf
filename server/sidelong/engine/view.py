"""The view of a document that a model reads: its windows, healed, in the model's own layout.

The generator's view ends where the completion begins, a deciding model's where P(<cc>) is read.
Evaluating it is left to `completer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sidelong.engine import prompt as prompts
from sidelong.engine.model.protocol import Model
from sidelong.engine.prompt import Budget, OpenFile, Special, Tokenize
from sidelong.engine.request import Request
from sidelong.engine.trim.lines import unix
from sidelong.engine.trim.syntax import syntax_of
from sidelong.engine.window import prefix_tokens, suffix_tokens
from sidelong_index import Hit


class Splitter(Protocol):
    """The pieces of a vocabulary, for healing."""

    def split(self, ids: Sequence[int]) -> tuple[list[int], bytes]:
        """L's tokens that stay, and the text that is to be generated again."""


class Reader(Protocol):
    """The part of a model that its view needs; a remote model has no more of one here."""

    @property
    def special(self) -> Special:
        """See `Model.special`."""

    @property
    def pieces(self) -> Splitter:
        """See `Model.pieces`."""

    def tokenize(self, text: str) -> list[int]:
        """See `Model.tokenize`."""


@dataclass(frozen=True)
class View:
    """The generator's view of a document."""

    before: list[int]
    """The tokens before the cursor, as far as they stay."""
    owed: bytes
    """The text before the cursor that is to be generated again."""
    prompt: list[int]
    """To complete from the open file alone."""
    with_chunks: Callable[[Sequence[Hit]], list[int] | None]
    """The prompt with retrieved chunks in it; None if none fits the budget."""

    def going_on(self, model: Model, typed: str, request: Request) -> View:
        """This view with the text typed since behind every prompt, healed at its end.

        It begins with the text that is owed, as the text to write does.
        """
        tokens = model.tokenize(self.owed.decode() + unix(typed))
        kept, owed = _heal(model, tokens, request)

        def with_chunks(hits: Sequence[Hit]) -> list[int] | None:
            prompt = self.with_chunks(hits)
            return None if prompt is None else [*prompt, *kept]

        return View([*self.before, *kept], owed, [*self.prompt, *kept], with_chunks)


def seen(request: Request) -> tuple[str, str]:
    """The text before and after the cursor with `\\n` line ends, which models were trained on.

    A cursor inside of a line end is taken to stand before it.
    """
    before, after = request.before, request.after
    if after.startswith("\n"):
        before = before.removesuffix("\r")
    return unix(before), unix(after)


def view(model: Reader, request: Request, budget: Budget) -> View:
    """The view from which `model` completes at the request's cursor, within `budget`."""
    return (_decider if model.special.decides else _stock)(model, request, budget)


def _decider(model: Reader, request: Request, budget: Budget) -> View:
    special = model.special
    prefix, owed, decision = _deciding(model, request, budget)

    def with_chunks(hits: Sequence[Hit]) -> list[int] | None:
        context = prompts.context(
            special,
            hits,
            tokenize=model.tokenize,
            budget=budget.context,
            file=_open_file(request),
        )
        return prompts.retrieve_prompt(special, decision, context) if context else None

    return View(prefix, owed, prompts.abstain_prompt(special, decision), with_chunks)


def _stock(model: Reader, request: Request, budget: Budget) -> View:
    """A view that stays as it is while somebody types along a line, but for its end.

    The typed part of the line stands behind R therefore. Only a text that is healed may: without
    healing, Qwen's models write a space too many behind a bare indentation that stands there, so
    all of L stands where it was published to, and each keystroke reads R again.
    """
    special, tokenize, file = model.special, model.tokenize, _open_file(request)
    before, after = seen(request)
    apart = bool(special.middle) and not special.suffix_first and request.settings.token_healing
    above, typed = "", before
    if apart:
        above, newline, typed = before.rpartition("\n")
        above += newline
    suffix = suffix_tokens(after, tokenize=tokenize, budget=budget.suffix)

    def read(lead: str) -> tuple[list[int], list[int], bytes]:
        """L's whole lines, the rest of it, and what healing gives back of that.

        The rest is cut last: the line that is completed says more than those far above it.
        """
        led = _led(tokenize, lead)
        line = prefix_tokens(typed, tokenize=tokenize if apart else led, budget=budget.prefix)
        prefix = prefix_tokens(above, tokenize=led, budget=budget.prefix)
        if len(prefix) + len(line) > budget.prefix:
            step = max(1, budget.prefix // 4)
            room = budget.prefix - math.ceil(len(line) / step) * step
            prefix = prefix_tokens(above, tokenize=led, budget=max(0, room))
        return prefix, *_heal(model, line, request)

    def prompt(prefix: list[int], line: list[int], **chunks: list[int]) -> list[int]:
        whole, behind = (prefix, line) if apart else (prefix + line, [])
        return prompts.infill_prompt(special, prefix=whole, suffix=suffix, typed=behind, **chunks)

    def with_chunks(hits: Sequence[Hit]) -> list[int] | None:
        heading = prompts.heading(special, tokenize=tokenize, file=file)
        room = budget.context - len(heading)
        context = prompts.context(special, hits, tokenize=tokenize, budget=room, file=file)
        if not context:
            return None
        prefix, line, _ = read("")
        return prompt(prefix, line, context=context, heading=heading)

    prefix, line, owed = read(special.layout.lead)
    return View(prefix + line, owed, prompt(prefix, line), with_chunks)


def _led(tokenize: Tokenize, lead: str) -> Tokenize:
    """As the model's own tokenizer does it, which puts `lead` before a text."""
    return lambda text: tokenize(lead + text) if text else []


def _open_file(request: Request) -> OpenFile:
    remark = syntax_of(request.language).remark
    return OpenFile(request.path, request.project, remark if remark in ("#", "--") else "//")


def decision_view(model: Model, request: Request, budget: Budget) -> list[int]:
    """The tokens from which a model decides, within `budget`; the last is `<eof>`."""
    return _deciding(model, request, budget)[2]


def _deciding(
    model: Reader, request: Request, budget: Budget
) -> tuple[list[int], bytes, list[int]]:
    before, after = seen(request)
    prefix = prefix_tokens(before, tokenize=model.tokenize, budget=budget.prefix)
    prefix, owed = _heal(model, prefix, request)
    suffix = suffix_tokens(after, tokenize=model.tokenize, budget=budget.suffix)
    return prefix, owed, prompts.decision_prompt(model.special, suffix=suffix, prefix=prefix)


def _heal(model: Reader, tokens: list[int], request: Request) -> tuple[list[int], bytes]:
    """The tokens before the cursor that stay, and the text that is given back."""
    return model.pieces.split(tokens) if request.settings.token_healing else (tokens, b"")
