"""What a model reads of a document: its windows, healed, in the model's own layout.

The generator's view ends where the completion begins, a deciding model's where P(<cc>) is read.
Evaluating it is left to `completer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sidelong import prompt as prompts
from sidelong.model.protocol import Model
from sidelong.prompt import Budget
from sidelong.request import Request
from sidelong.window import prefix_tokens, suffix_tokens


@dataclass(frozen=True)
class View:
    """What the generator reads of the document."""

    before: list[int]
    """The tokens before the cursor, as far as they stay."""
    owed: bytes
    """The text before the cursor that is to be generated again."""
    prompt: list[int]
    """To complete from the open file alone."""
    with_context: Callable[[list[int]], list[int]]
    """The prompt with retrieved chunks in it."""


def view(model: Model, request: Request, budget: Budget) -> View:
    """What `model` reads to complete at the request's cursor, within `budget`."""
    special = model.special
    if special.decides:
        prefix, owed, looked = _look(model, request, budget)
        prompt = prompts.abstain(special, looked)
        return View(prefix, owed, prompt, partial(prompts.retrieve, special, looked))
    above, newline, typed = request.before.rpartition("\n")
    prefix = prefix_tokens(above + newline, tokenize=model.tokenize, budget=budget.prefix)
    room = budget.prefix - len(prefix)
    line, owed = _heal(model, prefix_tokens(typed, tokenize=model.tokenize, budget=room), request)
    suffix = suffix_tokens(request.after, tokenize=model.tokenize, budget=budget.suffix)
    infill = partial(prompts.infill, special, prefix=prefix, suffix=suffix, typed=line)
    return View(prefix + line, owed, infill(), lambda context: infill(context=context))


def look(model: Model, request: Request, budget: Budget) -> list[int]:
    """What a model that decides reads before it does, within `budget`; ends with `<eof>`."""
    return _look(model, request, budget)[2]


def _look(model: Model, request: Request, budget: Budget) -> tuple[list[int], bytes, list[int]]:
    prefix = prefix_tokens(request.before, tokenize=model.tokenize, budget=budget.prefix)
    prefix, owed = _heal(model, prefix, request)
    suffix = suffix_tokens(request.after, tokenize=model.tokenize, budget=budget.suffix)
    return prefix, owed, prompts.look(model.special, suffix=suffix, prefix=prefix)


def _heal(model: Model, tokens: list[int], request: Request) -> tuple[list[int], bytes]:
    """What stays of the tokens before the cursor, and the text given back."""
    return model.pieces.split(tokens) if request.settings.token_healing else (tokens, b"")
