"""One request from cursor to answer: window, look, decide, retrieve, generate, trim.

Runs on the thread that owns the model; knows neither LSP nor llama.cpp.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from sidelong import gate as gates
from sidelong import prompt as prompts
from sidelong.gate import Gate
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
            looked = self._look(view, cancel)
        decision = self._decide(looked, settings)
        chunks: tuple[Hit, ...] = ()
        prompt, logits, evaluated = view.prompt, looked.logits, looked.evaluated
        if decision.retrieved:
            with watch("retrieve"):
                chunks = _result(hits, request)
            context = prompts.context(
                self.model.special, chunks, tokenize=self._lines, budget=budget.context
            )
            decision = replace(decision, retrieved=bool(context))
            if context:
                prompt = prompts.retrieve(self.model.special, view.looked, context)
                with watch("prefill"):
                    evaluation = self.model.evaluate(prompt, rows=1, cancel=cancel)
                logits, evaluated = evaluation.logits[0], evaluated + evaluation.evaluated
        else:
            hits.cancel()
        with watch("generate"):
            generated = self._generate(request, view, prompt, logits, chunks, budget, cancel)
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
            tokens=Tokens(len(prompt), evaluated, generated.tokens),
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
        tokenize = self.model.tokenize
        above = prefix_tokens(request.before, tokenize=tokenize, budget=budget.prefix)
        below = suffix_tokens(request.after, tokenize=tokenize, budget=budget.suffix)
        owed = b""
        if request.settings.token_healing:
            above, owed = self.model.pieces.split(above)
        looked = prompts.look(self.model.special, suffix=below, prefix=above)
        return _View(above, owed, looked, prompts.abstain(self.model.special, looked))

    def _look(self, view: _View, cancel: Cancel) -> _Looked:
        """Read P(<cc>) and, in the same pass, what an abstention would begin with."""
        special = self.model.special
        rows = 2 if special.decides else 1
        evaluation = self.model.evaluate(view.prompt, rows=rows, cancel=cancel)
        seen = None
        if special.cc is not None and special.decides:
            seen = gates.look(evaluation.logits[0], special.cc)
        return _Looked(seen, evaluation.logits[-1], evaluation.evaluated)

    def _decide(self, looked: _Looked, settings: Settings) -> Gate:
        threshold = self.model.threshold if settings.threshold is None else settings.threshold
        return gates.decide(
            looked.seen, mode=settings.retrieval, rule=settings.rule, threshold=threshold
        )

    def _generate(
        self,
        request: Request,
        view: _View,
        prompt: list[int],
        logits: Logits,
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
            prompt,
            logits,
            context=view.prefix,
            owed=view.owed,
            cache=self._cache(request, view, chunks),
            max_tokens=budget.generated,
            stop=stop,
            cancel=cancel,
            least=request.settings.min_probability,
        )

    def _cache(self, request: Request, view: _View, chunks: tuple[Hit, ...]) -> NgramCache | None:
        """The n-grams of the open file and of what was retrieved; None if switched off.

        The text given back by healing is left out: its last, broken token is what is asked for.
        """
        if not (request.settings.workspace_cache and self.model.cache_weights):
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

    prefix: list[int]
    owed: bytes
    looked: list[int]
    prompt: list[int]


@dataclass(frozen=True)
class _Looked:
    seen: gates.Look | None
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
