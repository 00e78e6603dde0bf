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
from itertools import islice

from sidelong import gate as gates
from sidelong import prompt as prompts
from sidelong.alternatives import Beginning, branches, distinct
from sidelong.correction import Correction
from sidelong.gate import Gate, Look
from sidelong.generate import Generated, generate
from sidelong.model.protocol import Cancel, Evaluation, Hidden, Logits, Model, Stopped
from sidelong.ngram import LineTokens, NgramCache, file_sources
from sidelong.prompt import Budget
from sidelong.request import Answer, Request, Tokens
from sidelong.retrieval import retrieve
from sidelong.settings import Settings
from sidelong.trim import Trimmed, should_stop, trim
from sidelong.view import View, look, view
from sidelong_index import Exclusion, Hit, Snapshot

log = logging.getLogger(__name__)

ALTERNATIVES_FOR_S = 2.0
"""No further alternative is begun after this; a large model on a slow machine makes fewer."""


class Completer:
    """Answers requests with a model; owned by the thread that owns the model."""

    def __init__(self, model: Model, policy: Model | None = None) -> None:
        """`model` writes; `policy` decides whether to retrieve, by default `model` itself."""
        self.model = model
        self.policy = policy
        self._lines = LineTokens(model.tokenize)
        self._retriever = ThreadPoolExecutor(1, thread_name_prefix="sidelong-retrieve")

    @property
    def models(self) -> tuple[Model, ...]:
        """The model that writes and, if it is another, the one that decides."""
        return (self.model,) if self.policy is None else (self.model, self.policy)

    @property
    def title(self) -> str:
        """Who completes and, if it is another, who decides; for people."""
        policy = "" if self.policy is None else f", {self.policy.name} decides when to look"
        return f"{self.model.name}{policy}"

    @property
    def decides(self) -> bool:
        """Whether there is a model that can say that it wants the repository's code."""
        return self.models[-1].special.decides

    @property
    def threshold(self) -> float:
        """What the deciding model recommends for P(<cc>)."""
        return self.models[-1].threshold

    @property
    def fingerprint(self) -> str:
        """Tells these models from others: what is learnt with them is not used without them."""
        return "+".join(model.fingerprint for model in self.models)

    def close(self) -> None:
        """Let go of the models and of the retrieval thread."""
        self._retriever.shutdown(wait=True, cancel_futures=True)
        for model in self.models:
            close = getattr(model, "close", None)
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
        A failure in retrieval, or in the policy, is logged and costs retrieval only.
        """
        settings, watch = request.settings, _Stopwatch()
        hits = self._search(request, snapshot, exclude)
        with watch("window"):
            budget = prompts.fit(_budget(self.model.budget, settings), self.model.n_ctx)
            seeing = view(self.model, request, budget)
        read: _Read | None = None
        seen, by_policy = None, 0
        correction = self._correction(request)
        if self.policy is None and self.model.special.decides:
            with watch("look"):
                read, seen = self._look(seeing, cancel, correction)
        elif self.policy is not None and settings.retrieval == "auto":
            with watch("policy"):
                seen, by_policy = _ask(self.policy, request, cancel, correction)
        threshold = self.threshold if settings.threshold is None else settings.threshold
        decision = gates.decide(
            seen, mode=settings.retrieval, rule=settings.rule, threshold=threshold
        )
        chunks: tuple[Hit, ...] = ()
        if decision.retrieved:
            with watch("retrieve"):
                chunks = _result(hits, request)
            with watch("prefill"):
                with_chunks = self._read_chunks(seeing, read, chunks, cancel)
            if with_chunks is None and not self._has_cache(settings):
                chunks = ()
            decision = replace(decision, retrieved=bool(chunks))
            read = with_chunks or read
        if read is None:
            with watch("look"):
                read = self._read(seeing.prompt, cancel)
        task = _Task(request, seeing, budget, cancel)
        with watch("generate"):
            generated = self._generate(task, read, chunks)
        answer = replace(
            self._answer(task, generated, read, chunks, decision),
            tokens=Tokens(len(read.prompt), read.evaluated, generated.tokens, by_policy),
            ms=watch.ms,
        )
        if request.alternatives:
            with watch("alternatives"):
                others = self._others(task, generated, answer, read, hits)
                found = distinct(answer, _for_a_while(others), most=request.alternatives)
                answer = replace(answer, alternatives=found)
        hits.cancel()
        return answer

    def consider(self, request: Request, cancel: Cancel) -> tuple[float, Hidden] | None:
        """P(<cc>) and the deciding model's state at `<eof>` [D], whatever the settings say.

        None if no model decides. Right after `complete` it costs a few tokens.
        """
        decider = self.models[-1]
        if decider.special.cc is None:
            return None
        budget = decider.budget if self.policy else _budget(decider.budget, request.settings)
        prompt = look(decider, request, prompts.fit(budget, decider.n_ctx))
        found = decider.evaluate(prompt, rows=1, cancel=cancel, hidden=True)
        if found.hidden is None:
            return None
        return gates.look(found.logits[0], decider.special.cc).probability, found.hidden[0]

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

    def _correction(self, request: Request) -> Correction | None:
        """The request's, unless it would change nothing or was fitted with other models."""
        found, settings = request.correction, request.settings
        if found is None or settings.retrieval != "auto" or settings.rule != "threshold":
            return None
        return found if found.models == self.fingerprint else None

    def _look(
        self, seeing: View, cancel: Cancel, correction: Correction | None
    ) -> tuple[_Read, Look | None]:
        """Read P(<cc>) and, in the same pass, what an abstention would begin with."""
        hidden = correction is not None
        found = self.model.evaluate(seeing.prompt, rows=2, cancel=cancel, hidden=hidden)
        read = _Read(seeing.prompt, found.logits[-1], found.evaluated)
        return read, _look_at(self.model, found, correction)

    def _read(self, prompt: list[int], cancel: Cancel) -> _Read:
        found = self.model.evaluate(prompt, rows=1, cancel=cancel)
        return _Read(prompt, found.logits[0], found.evaluated)

    def _read_chunks(
        self, seeing: View, read: _Read | None, chunks: tuple[Hit, ...], cancel: Cancel
    ) -> _Read | None:
        """Read on from what was read, if anything, with the chunks; None if none fits the budget.

        A model that was not trained enough to use context has a context budget of 0; what is
        retrieved then speaks through the workspace cache alone.
        """
        prompt = seeing.with_chunks(chunks)
        if prompt is None:
            return None
        found = self._read(prompt, cancel)
        before = 0 if read is None else read.evaluated
        return replace(found, evaluated=before + found.evaluated)

    def _generate(
        self, task: _Task, read: _Read, chunks: tuple[Hit, ...], begun: Beginning = ()
    ) -> Generated:
        request = task.request
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
            context=task.seeing.before,
            owed=task.seeing.owed,
            cache=self._cache(request, task.seeing, chunks),
            max_tokens=task.budget.generated,
            stop=stop,
            cancel=task.cancel,
            least=request.settings.min_probability,
            begun=begun,
            note=request.alternatives > 0,
        )

    def _answer(
        self,
        task: _Task,
        generated: Generated,
        read: _Read,
        chunks: tuple[Hit, ...],
        decision: Gate,
    ) -> Answer:
        request = task.request
        trimmed = trim(
            generated.text,
            before=request.before,
            after=request.after,
            language=request.language,
            max_lines=request.settings.max_lines,
        )
        return Answer(
            text=trimmed.text,
            replace_after=trimmed.replace_after,
            gate=decision,
            chunks=chunks,
            tokens=Tokens(len(read.prompt), read.evaluated, generated.tokens),
            probability=generated.probability,
            reason=_reason(generated, trimmed),
            model=self.model.name,
            models=self.fingerprint,
            policy=None if self.policy is None else self.policy.name,
        )

    def _others(
        self,
        task: _Task,
        generated: Generated,
        answer: Answer,
        read: _Read,
        hits: Future[list[Hit]],
    ) -> Iterator[Answer]:
        """Other texts, made as they are taken, most of which part from the first in its first line.

        One has read chunks if the first has not, and the reverse; it comes late, for reading costs.
        """

        def write(begun: Beginning) -> Generated:
            return self._generate(task, read, answer.chunks, begun)

        parted = (
            self._answer(task, other, read, answer.chunks, answer.gate)
            for other in branches(generated, write)
        )
        yield from islice(parted, task.request.alternatives - 1)
        otherwise = self._decided_otherwise(task, answer, hits)
        if otherwise is not None:
            yield otherwise
        yield from parted

    def _decided_otherwise(
        self, task: _Task, answer: Answer, hits: Future[list[Hit]]
    ) -> Answer | None:
        """With chunks what was written without them, and the reverse; None if there are none."""
        chunks = () if answer.chunks else _result(hits, task.request)
        if not chunks and not answer.chunks:
            return None
        read = self._read_chunks(task.seeing, None, chunks, task.cancel)
        if read is None and chunks and not self._has_cache(task.request.settings):
            return None
        read = read or self._read(task.seeing.prompt, task.cancel)
        gate = replace(answer.gate, retrieved=bool(chunks))
        return self._answer(task, self._generate(task, read, chunks), read, chunks, gate)

    def _has_cache(self, settings: Settings) -> bool:
        return settings.workspace_cache and bool(self.model.cache_weights)

    def _cache(self, request: Request, seeing: View, chunks: tuple[Hit, ...]) -> NgramCache | None:
        """The n-grams of the open file and of what was retrieved; None if switched off.

        The text given back by healing is left out: its last, broken token is what is asked for.
        """
        if not self._has_cache(request.settings):
            return None
        before = request.before
        before = before[: len(before) - len(seeing.owed.decode())]
        sources = file_sources(before, request.after, self._lines)
        sources += [self._lines("\n" + chunk.text) for chunk in chunks]
        return NgramCache(
            sources,
            vocab_size=len(self.model.pieces.pieces),
            weights=self.model.cache_weights,
        )


@dataclass(frozen=True)
class _Task:
    """What all texts for one request have in common."""

    request: Request
    seeing: View
    budget: Budget
    cancel: Cancel


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


def _ask(
    policy: Model, request: Request, cancel: Cancel, correction: Correction | None
) -> tuple[Look | None, int]:
    """What a model says that only decides, and the tokens it evaluated; None if it failed.

    It reads what it was made for: its own window, whatever the generator's budget is.
    """
    try:
        prompt = look(policy, request, prompts.fit(policy.budget, policy.n_ctx))
        hidden = correction is not None
        found = policy.evaluate(prompt, rows=1, cancel=cancel, hidden=hidden)
        return _look_at(policy, found, correction), found.evaluated
    except Stopped:
        raise
    except Exception:
        log.exception("request %s: the policy failed, completing without retrieval", request.id)
        return None, 0


def _look_at(model: Model, found: Evaluation, correction: Correction | None) -> Look | None:
    """P(<cc>) in the first of the rows that were read; None if the model has no such token."""
    if model.special.cc is None:
        return None
    seen = gates.look(found.logits[0], model.special.cc)
    if correction is None or found.hidden is None:
        return seen
    return replace(seen, corrected=correction.of(seen.probability, found.hidden[0]))


def _for_a_while(answers: Iterator[Answer]) -> Iterator[Answer]:
    until = time.perf_counter() + ALTERNATIVES_FOR_S
    while time.perf_counter() < until and (answer := next(answers, None)) is not None:
        yield answer


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
