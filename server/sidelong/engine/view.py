"""What a model reads of a document: its windows, healed, in the model's own layout.

The generator's view ends where the completion begins, a deciding model's where P(<cc>) is read.
Evaluating it is left to `completer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sidelong.engine import prompt as prompts
from sidelong.engine.model.protocol import Model
from sidelong.engine.prompt import Budget, Place, Tokenize
from sidelong.engine.request import Request
from sidelong.engine.trim.lines import unix
from sidelong.engine.trim.syntax import syntax_of
from sidelong.engine.window import prefix_tokens, suffix_tokens
from sidelong_index import Hit


@dataclass(frozen=True)
class View:
    """What the generator reads of the document."""

    before: list[int]
    """The tokens before the cursor, as far as they stay."""
    owed: bytes
    """The text before the cursor that is to be generated again."""
    prompt: list[int]
    """To complete from the open file alone."""
    with_chunks: Callable[[Sequence[Hit]], list[int] | None]
    """The prompt with retrieved chunks in it; None if none fits the budget."""


def seen(request: Request) -> tuple[str, str]:
    """The text before and after the cursor with `\\n` line ends, which models were trained on.

    A cursor inside of a line end is taken to stand before it.
    """
    before, after = request.before, request.after
    if after.startswith("\n"):
        before = before.removesuffix("\r")
    return unix(before), unix(after)


def view(model: Model, request: Request, budget: Budget) -> View:
    """What `model` reads to complete at the request's cursor, within `budget`."""
    return (_decider if model.special.decides else _stock)(model, request, budget)


def _decider(model: Model, request: Request, budget: Budget) -> View:
    special = model.special
    prefix, owed, looked = _look(model, request, budget)

    def with_chunks(hits: Sequence[Hit]) -> list[int] | None:
        context = prompts.context(
            special,
            hits,
            tokenize=model.tokenize,
            budget=budget.context,
            place=_place(request),
        )
        return prompts.retrieve(special, looked, context) if context else None

    return View(prefix, owed, prompts.abstain(special, looked), with_chunks)


def _stock(model: Model, request: Request, budget: Budget) -> View:
    """A view that stays as it is while somebody types along a line, but for its end."""
    special, tokenize, place = model.special, model.tokenize, _place(request)
    before, after = seen(request)
    above, typed = "", before
    if special.middle:
        above, newline, typed = before.rpartition("\n")
        above += newline
    suffix = suffix_tokens(after, tokenize=tokenize, budget=budget.suffix)

    def read(lead: str) -> tuple[list[int], list[int], bytes]:
        """L's whole lines, the rest of it, and what healing gives back of that.

        The rest is cut last: the line that is completed says more than those far above it.
        """
        led = _led(tokenize, lead)
        line = prefix_tokens(
            typed, tokenize=tokenize if special.middle else led, budget=budget.prefix
        )
        prefix = prefix_tokens(above, tokenize=led, budget=budget.prefix)
        if len(prefix) + len(line) > budget.prefix:
            step = max(1, budget.prefix // 4)
            room = budget.prefix - math.ceil(len(line) / step) * step
            prefix = prefix_tokens(above, tokenize=led, budget=max(0, room))
        return prefix, *_heal(model, line, request)

    def with_chunks(hits: Sequence[Hit]) -> list[int] | None:
        heading = prompts.heading(special, tokenize=tokenize, place=place)
        room = budget.context - len(heading)
        context = prompts.context(special, hits, tokenize=tokenize, budget=room, place=place)
        if not context:
            return None
        prefix, line, _ = read("")
        return prompts.infill(
            special, prefix=prefix, suffix=suffix, typed=line, context=context, heading=heading
        )

    prefix, line, owed = read(special.layout.lead)
    prompt = prompts.infill(special, prefix=prefix, suffix=suffix, typed=line)
    return View(prefix + line, owed, prompt, with_chunks)


def _led(tokenize: Tokenize, lead: str) -> Tokenize:
    """As the model's own tokenizer does it, which puts `lead` before a text."""
    return lambda text: tokenize(lead + text) if text else []


def _place(request: Request) -> Place:
    remark = syntax_of(request.language).remark
    return Place(request.path, request.project, remark if remark in ("#", "--") else "//")


def look(model: Model, request: Request, budget: Budget) -> list[int]:
    """What a model that decides reads before it does, within `budget`; ends with `<eof>`."""
    return _look(model, request, budget)[2]


def _look(model: Model, request: Request, budget: Budget) -> tuple[list[int], bytes, list[int]]:
    before, after = seen(request)
    prefix = prefix_tokens(before, tokenize=model.tokenize, budget=budget.prefix)
    prefix, owed = _heal(model, prefix, request)
    suffix = suffix_tokens(after, tokenize=model.tokenize, budget=budget.suffix)
    return prefix, owed, prompts.look(model.special, suffix=suffix, prefix=prefix)


def _heal(model: Model, tokens: list[int], request: Request) -> tuple[list[int], bytes]:
    """What stays of the tokens before the cursor, and the text given back."""
    return model.pieces.split(tokens) if request.settings.token_healing else (tokens, b"")
