"""One request from cursor to answer: window, look, decide, retrieve, generate, trim.

Runs on the thread that owns the model; knows neither LSP nor llama.cpp.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from sidelong.engine import gate as gates
from sidelong.engine import prompt as prompts
from sidelong.engine.alternatives import distinct
from sidelong.engine.correction import Correction
from sidelong.engine.documents import Documents
from sidelong.engine.gate import Look
from sidelong.engine.model.protocol import Cancel, Evaluation, Hidden, Model, Stopped
from sidelong.engine.ngram import LineTokens
from sidelong.engine.prompt import Budget
from sidelong.engine.request import Answer, Request
from sidelong.engine.retrieval import retrieve
from sidelong.engine.view import View, look, view
from sidelong.engine.writing import Read, Writer
from sidelong.settings import Settings
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
        # Read now: the files may be gone, or others, by the first request.
        self.fingerprint = "+".join(model.fingerprint for model in self.models)
        """Tells these models from others: what is learnt with them is not used without them."""
        self._lines = LineTokens(model.tokenize)
        self._documents = Documents()
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

    def close(self) -> None:
        """Let go of the models and of the retrieval thread."""
        self._retriever.shutdown(wait=True, cancel_futures=True)
        for model in self.models:
            model.close()

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
            document = self._documents.of(request)
            writer = Writer(self.model, request, seeing, budget, self._lines, document, cancel)
        read: Read | None = None
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
                with_chunks = writer.read_chunks(chunks, before=read)
            if with_chunks is None and not writer.has_cache:
                chunks = ()
            decision = replace(decision, retrieved=bool(chunks))
            read = with_chunks or read
        if read is None:
            with watch("look"):
                read = writer.read()
        with watch("generate"):
            written = writer.write(read, chunks)
        answer = writer.answer(written, decision)
        others: tuple[Answer, ...] = ()
        if request.alternatives:
            with watch("alternatives"):
                found = writer.others(written, decision, lambda: _result(hits, request))
                others = distinct(answer, _for_a_while(found), most=request.alternatives)
            if others and not answer.text:
                answer, *rest = others
                others = tuple(rest)
        hits.cancel()
        return replace(
            self._signed(answer),
            tokens=replace(answer.tokens, policy=by_policy),
            ms=watch.ms,
            alternatives=tuple(map(self._signed, others)),
        )

    def _signed(self, answer: Answer) -> Answer:
        """The answer with the names of those who made it."""
        policy = None if self.policy is None else self.policy.name
        return replace(answer, model=self.model.name, models=self.fingerprint, policy=policy)

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
    ) -> tuple[Read, Look | None]:
        """Read P(<cc>) and, in the same pass, what an abstention would begin with."""
        hidden = correction is not None
        found = self.model.evaluate(seeing.prompt, rows=2, cancel=cancel, hidden=hidden)
        read = Read(seeing.prompt, found.logits[-1], found.evaluated)
        return read, _look_at(self.model, found, correction)


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
