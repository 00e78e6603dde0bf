"""One request from cursor to answer: window, look, decide, retrieve, generate, trim.

Runs on the thread that owns the model; knows neither LSP nor llama.cpp.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from sidelong import gate as gates
from sidelong import prompt as prompts
from sidelong.gate import Gate, Look
from sidelong.generate import Generated, generate
from sidelong.model.protocol import Cancel, Logits, Model
from sidelong.ngram import LineTokens, NgramCache, file_sources
from sidelong.prompt import Budget
from sidelong.request import Answer, Request, Tokens
from sidelong.retrieval import retrieve
from sidelong.settings import Settings
from sidelong.trim import Trimmed, should_stop, trim
from sidelong.window import prefix_tokens, suffix_tokens
from sidelong_index import Exclusion, Hit, Snapshot

log = logging.getLogger(__name__)


class Completer:
    """Answers requests with a model; owned by the thread that owns the model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._lines = LineTokens(model.tokenize)
        self._retriever = ThreadPoolExecutor(1, thread_name_prefix="sidelong-retrieve")

    def close(self) -> None:
        """Let go of the model and of the retrieval thread."""
        self._retriever.shutdown(wait=True, cancel_futures=True)
        close = getattr(self.model, "close", None)
        if close is not None:
            close()

    def complete(
        self,
        request: Request,
        *,
        snapshot: Snapshot | None,
        cancel: Cancel,
        exclude: Exclusion | None = None,
    ) -> Answer:
        """Complete at the request's cursor.

        `exclude` names lines that must not be retrieved, by default those around the cursor.
        Raises `Stopped` when `cancel` is set.
        A failure in retrieval is logged and costs retrieval only.
        """
        settings, watch = request.settings, _Stopwatch()
        hits = self._search(request, snapshot, exclude)
        with watch("window"):
            budget = prompts.fit(_budget(self.model.budget, settings), self.model.n_ctx)
            view = self._view(request, budget)
        with watch("look"):
            read, seen = self._look(view, cancel)
        decision = self._decide(seen, settings)
        chunks: tuple[Hit, ...] = ()
        if decision.retrieved:
            with watch("retrieve"):
                chunks = _result(hits, request)
            with watch("prefill"):
                read, in_prompt = self._read_chunks(view, read, chunks, budget, cancel)
            if not (in_prompt or self._has_cache(settings)):
                chunks = ()
            decision = replace(decision, retrieved=bool(chunks))
        hits.cancel()
        with watch("generate"):
            generated = self._generate(request, view, read, chunks, budget, cancel)
        trimmed = trim(
            generated.text,
            before=request.before,
            after=request.after,
            language=request.language,
            max_lines=settings.max_lines,
        )
        return Answer(
            text=trimmed.text,
            replace_after=trimmed.replace_after,
            gate=decision,
            chunks=chunks,
            tokens=Tokens(len(read.prompt), read.evaluated, generated.tokens),
            ms=watch.ms,
            probability=generated.probability,
            reason=_reason(generated, trimmed),
        )

    def _search(
        self, request: Request, snapshot: Snapshot | None, exclude: Exclusion | None
    ) -> Future[list[Hit]]:
        """Start retrieval beside the prefill; it takes milliseconds and often is not needed."""
        if snapshot is None or request.settings.retrieval == "never":
            nothing: Future[list[Hit]] = Future()
            nothing.set_result([])
            return nothing
        return self._retriever.submit(
            retrieve,
            snapshot,
            path=request.path,
            text=request.text,
            offset=request.offset,
            k=request.settings.max_chunks,
            exclude=exclude,
        )

    def _view(self, request: Request, budget: Budget) -> _View:
        special, tokenize = self.model.special, self.model.tokenize
        above, typed = request.before, ""
        if not special.decides:
            above, newline, typed = above.rpartition("\n")
            above += newline
        prefix = prefix_tokens(above, tokenize=tokenize, budget=budget.prefix)
        line = prefix_tokens(typed, tokenize=tokenize, budget=budget.prefix - len(prefix))
        suffix = suffix_tokens(request.after, tokenize=tokenize, budget=budget.suffix)
        if special.decides:
            prefix, owed = self._heal(prefix, request)
            looked = prompts.look(special, suffix=suffix, prefix=prefix)
            prompt = prompts.abstain(special, looked)
            return _View(prefix, owed, prompt, partial(prompts.retrieve, special, looked))
        line, owed = self._heal(line, request)
        infill = partial(prompts.infill, special, prefix=prefix, suffix=suffix, typed=line)
        return _View(prefix + line, owed, infill(), lambda context: infill(context=context))

    def _heal(self, tokens: list[int], request: Request) -> tuple[list[int], bytes]:
        """What stays of the tokens before the cursor, and the text given back."""
        return self.model.pieces.split(tokens) if request.settings.token_healing else (tokens, b"")

    def _look(self, view: _View, cancel: Cancel) -> tuple[_Read, Look | None]:
        """Read P(<cc>) and, in the same pass, what an abstention would begin with."""
        cc = self.model.special.cc if self.model.special.decides else None
        rows = 1 if cc is None else 2
        found = self.model.evaluate(view.prompt, rows=rows, cancel=cancel)
        read = _Read(view.prompt, found.logits[-1], found.evaluated)
        return read, None if cc is None else gates.look(found.logits[0], cc)

    def _decide(self, seen: Look | None, settings: Settings) -> Gate:
        threshold = self.model.threshold if settings.threshold is None else settings.threshold
        return gates.decide(seen, mode=settings.retrieval, rule=settings.rule, threshold=threshold)

    def _read_chunks(
        self, view: _View, read: _Read, chunks: tuple[Hit, ...], budget: Budget, cancel: Cancel
    ) -> tuple[_Read, bool]:
        """Go on from what was read with the chunks, if any fits the budget; whether one did.

        A model that was not trained enough to use context has a context budget of 0; what is
        retrieved then speaks through the workspace cache alone.
        """
        context = prompts.context(
            self.model.special, chunks, tokenize=self._lines, budget=budget.context
        )
        if not context:
            return read, False
        prompt = view.with_context(context)
        found = self.model.evaluate(prompt, rows=1, cancel=cancel)
        return _Read(prompt, found.logits[0], read.evaluated + found.evaluated), True

    def _generate(
        self,
        request: Request,
        view: _View,
        read: _Read,
        chunks: tuple[Hit, ...],
        budget: Budget,
        cancel: Cancel,
    ) -> Generated:
        stop = partial(
            should_stop,
            before=request.before,
            after=request.after,
            language=request.language,
            max_lines=request.settings.max_lines,
        )

        return generate(
            self.model,
            read.prompt,
            read.logits,
            context=view.before,
            owed=view.owed,
            cache=self._cache(request, view, chunks),
            max_tokens=budget.generated,
            stop=stop,
            cancel=cancel,
            least=request.settings.min_probability,
        )

    def _has_cache(self, settings: Settings) -> bool:
        return settings.workspace_cache and bool(self.model.cache_weights)

    def _cache(self, request: Request, view: _View, chunks: tuple[Hit, ...]) -> NgramCache | None:
        """The n-grams of the open file and of what was retrieved; None if switched off.

        The text given back by healing is left out: its last, broken token is what is asked for.
        """
        if not self._has_cache(request.settings):
            return None
        before = request.before
        before = before[: len(before) - len(view.owed.decode())]
        sources = file_sources(before, request.after, self._lines)
        sources += [self._lines("\n" + chunk.text) for chunk in chunks]
        return NgramCache(
            sources,
            vocab_size=len(self.model.pieces.pieces),
            weights=self.model.cache_weights,
        )


@dataclass(frozen=True)
class _View:
    """What the model reads of the document."""

    before: list[int]
    """The tokens before the cursor, as far as they stay."""
    owed: bytes
    """The text before the cursor that is to be generated again."""
    prompt: list[int]
    """To complete from the open file alone."""
    with_context: Callable[[list[int]], list[int]]
    """The prompt with retrieved chunks in it."""


@dataclass(frozen=True)
class _Read:
    """A prompt that was read, the next token's logits [V], and the tokens evaluated for it."""

    prompt: list[int]
    logits: Logits
    evaluated: int


class _Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.ms[stage] = (time.perf_counter() - start) * 1000


def _result(hits: Future[list[Hit]], request: Request) -> tuple[Hit, ...]:
    try:
        return tuple(hits.result())
    except Exception:
        log.exception("request %s: retrieval failed, completing without it", request.id)
        return ()


def _reason(generated: Generated, trimmed: Trimmed) -> str:
    """What shortened the text; where it is empty, why."""
    if trimmed.text or generated.text:
        return trimmed.reason
    return f"unsure ({generated.probability:.3f})" if generated.reason == "unsure" else "empty"


def _budget(model: Budget, settings: Settings) -> Budget:
    """The model's budget with the user's wishes on top."""

    def chosen(wish: int | None, own: int) -> int:
        return own if wish is None else wish

    return Budget(
        prefix=chosen(settings.prefix_tokens, model.prefix),
        suffix=chosen(settings.suffix_tokens, model.suffix),
        context=chosen(settings.context_tokens, model.context),
        generated=chosen(settings.max_tokens, model.generated),
    )
