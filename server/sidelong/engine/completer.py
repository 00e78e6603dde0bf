"""One request from cursor to answer: decide, read, write, and the others.

Runs on the thread that owns the model; knows neither LSP nor llama.cpp.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sidelong.engine import gate
from sidelong.engine import prompt as prompts
from sidelong.engine.alternatives import distinct
from sidelong.engine.anchor import Anchor, Anchors
from sidelong.engine.budget import Window
from sidelong.engine.correction import Correction
from sidelong.engine.documents import Documents
from sidelong.engine.gate import Decision, Signal
from sidelong.engine.model.protocol import Cancel, Evaluation, Hidden, Model, Stopped
from sidelong.engine.ngram import LineTokens
from sidelong.engine.prompt import Budget
from sidelong.engine.remote.generator import RemoteGenerator
from sidelong.engine.request import Answer, RemoteUse, Request, Tokens
from sidelong.engine.retrieval import longest_match
from sidelong.engine.search import Search, Searcher
from sidelong.engine.view import decision_view, view
from sidelong.engine.writing import Chunks, Prefill, TextWriter, Written
from sidelong.settings import Settings
from sidelong_index import Exclusion, Snapshot

log = logging.getLogger(__name__)

ALTERNATIVES_FOR_S = 2.0
"""No further alternative is begun after this; a large model on a slow machine makes fewer."""


@dataclass(frozen=True)
class _Decided:
    """A decision, and what reading for it has left."""

    decision: Decision
    prefill: Prefill | None = None
    """The prompt of an abstention, if the model that writes has read it on the way."""
    policy_tokens: int = 0
    """Tokens that went through the policy."""
    kept: Chunks | None = None
    """The chunks of an earlier cursor, where its decision stands."""

    @property
    def evaluated(self) -> int:
        """Tokens that the model that writes has read on the way."""
        return 0 if self.prefill is None else self.prefill.evaluated


@dataclass(frozen=True)
class _Task:
    """A request, with what begins and ends with it."""

    request: Request
    exclude: Exclusion | None
    cancel: Cancel
    anchor: Anchor | None
    search: Search
    watch: _Stopwatch


@dataclass(frozen=True)
class _Ready:
    """Everything that a text is written from, read."""

    decision: Decision
    prefill: Prefill
    chunks: Chunks


class Completer:
    """Answers requests with a model; owned by the thread that owns the model."""

    def __init__(
        self,
        model: Model,
        policy: Model | None = None,
        remote: RemoteGenerator | None = None,
        *,
        windows: Sequence[Window] = (),
    ) -> None:
        """`model` writes; `policy` decides whether to retrieve, by default `model` itself.

        With `remote`, that writes, and `model` only where it fails.
        `windows` are the models' in the order of `models`, by default their own budgets. They stay
        while the models are loaded: another window is another prompt, and no cache holds it.
        """
        self.model = model
        self.policy = policy
        self.remote = remote
        # Read now: the files may be gone, or others, by the first request.
        self.fingerprint = "+".join(model.fingerprint for model in self.models)
        """Tells these models from others: what is learnt with them is not used without them."""
        self._windows = tuple(windows) or tuple(Window(model.budget) for model in self.models)
        self._lines = LineTokens(model.tokenize, model.pieces)
        self._documents = Documents()
        self._searcher = Searcher()
        self._anchors = Anchors()

    @property
    def models(self) -> tuple[Model, ...]:
        """The model that writes and, if it is another, the one that decides."""
        return (self.model,) if self.policy is None else (self.model, self.policy)

    @property
    def title(self) -> str:
        """The names of the model that completes and, if it is another, of the one that decides."""
        policy = "" if self.policy is None else f", {self.policy.name} decides when to look"
        here = f"{self.model.name}{policy}"
        if self.remote is None:
            return here
        return f"{self.remote.title}, to which your code is sent; where it fails, with {here}"

    @property
    def decides(self) -> bool:
        """True if one of the models can ask for the repository's code."""
        return self.models[-1].special.decides

    @property
    def threshold(self) -> float:
        """The deciding model's recommendation for P(<cc>)."""
        return self.models[-1].threshold

    def window(self, settings: Settings) -> Window:
        """The window of the model that writes, with these settings, and the reason for it."""
        window = self._windows[0].wished(settings)
        budget = prompts.fit(window.budget, self.model.n_ctx)
        if budget == window.budget:
            return window
        reason = f"{window.reason}; cut to the context of {self.model.n_ctx:,} tokens"
        return replace(window, budget=budget, reason=reason)

    def close(self) -> None:
        """Let go of the models, of the retrieval thread and of connections."""
        self._searcher.close()
        if self.remote is not None:
            self.remote.close()
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
        A failure in retrieval, or in the policy, is logged and costs retrieval only; one of the
        remote model costs its time, and the local one writes.
        """
        task = self._begin(request, snapshot, cancel, exclude, self._anchors.find(request, exclude))
        with task.search:
            writer, decided = self._consider(task)
            answer, use = self._elsewhere(writer, decided, task)
            if answer is None:
                answer = replace(self._here(writer, decided, task), remote=use)
        tokens = replace(answer.tokens, policy=decided.policy_tokens)
        window = self.window(request.settings)
        return replace(answer, tokens=tokens, ms=task.watch.ms, window=window)

    def read_ahead(self, request: Request, *, snapshot: Snapshot | None, cancel: Cancel) -> int:
        """Decide and read as `complete` would, and write nothing; the tokens it evaluated.

        The KV cache then holds everything that a request at this cursor needs. Where some lines
        were typed since the last anchor, the cursor becomes one itself.
        Raises `Stopped` when `cancel` is set.
        """
        anchor = self._anchors.find(request, None)
        if anchor is not None and anchor.is_worn(request):
            anchor = None  # It stays until this cursor is one: the reading may be stopped.
        task = self._begin(request, snapshot, cancel, None, anchor)
        with task.search:
            writer, decided = self._consider(task)
            if self.remote is not None:  # Nothing is sent before somebody asks.
                self._settled(writer, decided, self._found(decided, task), task)
                return decided.evaluated + decided.policy_tokens
            ready = self._prepare(writer, decided, task)
        return ready.prefill.evaluated + decided.policy_tokens

    def consider(self, request: Request, cancel: Cancel) -> tuple[Signal, Hidden] | None:
        """The signal and the deciding model's state at `<eof>` [D], whatever the settings say.

        None if no model decides. Right after `complete` it costs a few tokens.
        """
        decider = self.models[-1]
        if decider.special.cc is None:
            return None
        window = self._windows[-1]
        budget = (window if self.policy else window.wished(request.settings)).budget
        prompt = decision_view(decider, request, prompts.fit(budget, decider.n_ctx))
        evaluation = decider.evaluate(prompt, rows=1, cancel=cancel, hidden=True)
        if evaluation.hidden is None:
            return None
        return gate.read_signal(evaluation.logits[0], decider.special.cc), evaluation.hidden[0]

    def _begin(
        self,
        request: Request,
        snapshot: Snapshot | None,
        cancel: Cancel,
        exclude: Exclusion | None,
        anchor: Anchor | None,
    ) -> _Task:
        """Start the search, unless there is an anchor to go on from, whose chunks are kept."""
        search = self._searcher.start(request, None if anchor else snapshot, exclude)
        return _Task(request, exclude, cancel, anchor, search, _Stopwatch())

    def _consider(self, task: _Task) -> tuple[TextWriter, _Decided]:
        """Look and decide; an anchor spares that."""
        with task.watch("window"):
            writer = self._writer(task)
        return writer, self._decide(writer, task) if task.anchor is None else _stands(task.anchor)

    def _elsewhere(
        self, writer: TextWriter, decided: _Decided, task: _Task
    ) -> tuple[Answer | None, RemoteUse | None]:
        """The remote model's answer, and its use; no answer if there is none or it failed."""
        if self.remote is None:
            return None, None
        chunks = self._found(decided, task)
        budget = Window(self.remote.budget).wished(task.request.settings).budget
        with task.watch("remote"):
            received = self.remote.write(task.request, chunks, budget, writer.plan, task.cancel)
        if received.generated is None:
            return None, received.use
        decision = self._settled(writer, decided, received.chunks, task)
        tokens = Tokens(evaluated=decided.evaluated, generated=received.generated.tokens)
        answer = writer.trimmed(received.generated, received.chunks, decision, tokens)
        signed = replace(self._signed(answer), model=self.remote.title, remote=received.use)
        return replace(signed, models=f"{signed.models}+{self.remote.fingerprint}"), received.use

    def _here(self, writer: TextWriter, decided: _Decided, task: _Task) -> Answer:
        """The local model's answer."""
        ready = self._prepare(writer, decided, task)
        with task.watch("generate"):
            written = writer.write(ready.prefill, ready.chunks)
        answer = writer.answer(written, ready.decision)
        if task.request.alternatives:
            with task.watch("alternatives"):
                answer = self._with_others(answer, writer, written, task.search)
        return self._signed(answer)

    def _prepare(self, writer: TextWriter, decided: _Decided, task: _Task) -> _Ready:
        """Read what was decided for."""
        prefill, chunks = self._read(writer, decided, task)
        return _Ready(self._settled(writer, decided, chunks, task), prefill, chunks)

    def _settled(
        self, writer: TextWriter, decided: _Decided, chunks: Chunks, task: _Task
    ) -> Decision:
        """The decision with what came of it; the cursor is an anchor from here on."""
        decision = replace(decided.decision, retrieved=bool(chunks))
        if task.anchor is None:
            anchor = Anchor(task.request, task.exclude, decision, chunks, writer.view)
            self._anchors.keep(anchor)
        return decision

    def _found(self, decided: _Decided, task: _Task) -> Chunks:
        """The chunks that were decided for; none after an abstention."""
        if not decided.decision.retrieved or decided.kept is not None:
            return decided.kept or ()
        with task.watch("retrieve"):
            return task.search.result()

    def _writer(self, task: _Task) -> TextWriter:
        request, anchor = task.request, task.anchor
        budget = self.window(request.settings).budget
        if anchor is None:
            seeing = view(self.model, request, budget)
        else:
            seeing = anchor.view.going_on(self.model, anchor.typed(request), request)
        document = self._documents.of(request)
        return TextWriter(self.model, request, seeing, budget, self._lines, document, task.cancel)

    def _decide(self, writer: TextWriter, task: _Task) -> _Decided:
        """Decide, and ask a model for its signal first where there is one to ask."""
        request, settings = task.request, task.request.settings
        correction = self._correction(request)
        signal, prefill, policy_tokens = None, None, 0
        if self.policy is not None and settings.retrieval == "auto":
            with task.watch("policy"):
                budget = self._windows[-1].budget
                signal, policy_tokens = _ask(self.policy, budget, request, task.cancel, correction)
        elif self.policy is None and self.model.special.decides:
            with task.watch("look"):
                prefill, signal = _read_both(writer, correction)
        if signal is not None:
            signal = self._forecast(signal, task)
        decision = gate.decide(
            signal,
            mode=settings.retrieval,
            rule=settings.rule,
            threshold=self.threshold if settings.threshold is None else settings.threshold,
        )
        return _Decided(decision, prefill, policy_tokens)

    def _forecast(self, signal: Signal, task: _Task) -> Signal:
        """The signal with the forecast of the model's formula, which reads what the search found.

        The search has ended by now: it takes milliseconds, and the prefill longer.
        """
        formula, settings = self.models[-1].formula, task.request.settings
        if formula is None or signal.corrected is not None or settings.retrieval != "auto":
            return signal
        hits = task.search.result()
        best = max((hit.score for hit in hits), default=0.0)
        match = longest_match(task.request.before, [hit.text for hit in hits])
        return replace(signal, corrected=formula.of(signal.probability, best, match))

    def _read(self, writer: TextWriter, decided: _Decided, task: _Task) -> tuple[Prefill, Chunks]:
        """Read the prompt that was decided for, and the chunks that have a say in the text."""
        prefill, chunks = decided.prefill, self._found(decided, task)
        if decided.decision.retrieved:
            with task.watch("prefill"):
                with_chunks = writer.read_chunks(chunks, before=prefill)
            if with_chunks is None and not writer.has_cache:
                chunks = ()
            prefill = with_chunks or prefill
        if prefill is None:
            with task.watch("look"):
                prefill = writer.read()
        return prefill, chunks

    def _with_others(
        self, answer: Answer, writer: TextWriter, written: Written, search: Search
    ) -> Answer:
        """The answer with other texts beside it; the likeliest of them if it is empty."""
        candidates = _for_a_while(writer.others(written, answer.gate, search.result))
        others = distinct(answer, candidates, most=writer.request.alternatives)
        if others and not answer.text:
            answer, others = others[0], others[1:]
        return replace(answer, alternatives=tuple(map(self._signed, others)))

    def _signed(self, answer: Answer) -> Answer:
        """The answer with the names of the models that made it."""
        policy = None if self.policy is None else self.policy.name
        return replace(answer, model=self.model.name, models=self.fingerprint, policy=policy)

    def _correction(self, request: Request) -> Correction | None:
        """The request's, unless it would change nothing or was fitted with other models."""
        correction, settings = request.correction, request.settings
        if correction is None or settings.retrieval != "auto" or settings.rule != "threshold":
            return None
        return correction if correction.models == self.fingerprint else None


def _stands(anchor: Anchor) -> _Decided:
    """The decision of an earlier cursor, of which nothing is asked again."""
    return _Decided(replace(anchor.decision, kept=True), kept=anchor.chunks)


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


def _read_both(writer: TextWriter, correction: Correction | None) -> tuple[Prefill, Signal | None]:
    """P(<cc>) and, from the same pass, the prefill of an abstention."""
    prompt, hidden = writer.view.prompt, correction is not None
    evaluation = writer.model.evaluate(prompt, rows=2, cancel=writer.cancel, hidden=hidden)
    prefill = Prefill(prompt, evaluation.logits[-1], evaluation.evaluated)
    return prefill, _signal(writer.model, evaluation, correction)


def _ask(
    policy: Model, budget: Budget, request: Request, cancel: Cancel, correction: Correction | None
) -> tuple[Signal | None, int]:
    """The policy's signal and the tokens it evaluated; no signal if it failed.

    It reads its own window, `budget`, whatever the generator's is.
    """
    try:
        prompt = decision_view(policy, request, prompts.fit(budget, policy.n_ctx))
        hidden = correction is not None
        evaluation = policy.evaluate(prompt, rows=1, cancel=cancel, hidden=hidden)
        return _signal(policy, evaluation, correction), evaluation.evaluated
    except Stopped:
        raise
    except Exception:
        log.exception("request %s: the policy failed, completing without retrieval", request.id)
        return None, 0


def _signal(model: Model, evaluation: Evaluation, correction: Correction | None) -> Signal | None:
    """P(<cc>) in the first of the rows that were read; None if the model has no such token."""
    if model.special.cc is None:
        return None
    signal = gate.read_signal(evaluation.logits[0], model.special.cc)
    if correction is None or evaluation.hidden is None:
        return signal
    corrected = correction.of(signal.probability, evaluation.hidden[0])
    return replace(signal, corrected=corrected)


def _for_a_while(answers: Iterator[Answer]) -> Iterator[Answer]:
    until = time.perf_counter() + ALTERNATIVES_FOR_S
    while time.perf_counter() < until and (answer := next(answers, None)) is not None:
        yield answer
