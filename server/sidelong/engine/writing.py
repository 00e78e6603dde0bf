"""The texts for one request: prompts are read, texts are written, and trimming ends them.

The decision whether to read chunks is left to `completer`, which runs this on the model's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from sidelong.engine.alternatives import Beginning, branches
from sidelong.engine.documents import Document
from sidelong.engine.gate import Decision
from sidelong.engine.generate import Generated, Plan, generate
from sidelong.engine.mixture import Mixture
from sidelong.engine.model.protocol import Cancel, Logits, Model
from sidelong.engine.ngram import LineTokens, NgramCache, Source
from sidelong.engine.prompt import Budget
from sidelong.engine.request import Answer, Request, Tokens
from sidelong.engine.secrets import Secrets
from sidelong.engine.trim import Trimmed, Trimmer
from sidelong.engine.view import View, seen
from sidelong_index import Hit

Chunks = tuple[Hit, ...]


@dataclass(frozen=True)
class Prefill:
    """A prompt in the KV cache, the next token's logits [V], and the tokens it took to evaluate."""

    prompt: list[int]
    logits: Logits
    evaluated: int


@dataclass(frozen=True)
class Written:
    """A text as the decoder left it, with the prompt and the chunks that it was written from."""

    prefill: Prefill
    chunks: Chunks
    generated: Generated


@dataclass(frozen=True)
class TextWriter:
    """The writer of all texts for one request; every method may raise `Stopped`."""

    model: Model
    request: Request
    view: View
    budget: Budget
    lines: LineTokens
    document: Document
    cancel: Cancel

    @property
    def has_cache(self) -> bool:
        """True if chunks speak through the workspace cache, even where none is read."""
        return self._mixture is not None

    def read(self) -> Prefill:
        """Read the prompt of a completion from the open file alone."""
        return self._read(self.view.prompt)

    def read_chunks(self, chunks: Chunks, before: Prefill | None = None) -> Prefill | None:
        """Read on from the prefill before, if any; None if no chunk fits the budget.

        A model that was not trained enough to use context has a context budget of 0; the chunks
        then speak through the workspace cache alone.
        """
        prompt = self.view.with_chunks(chunks)
        if prompt is None:
            return None
        prefill = self._read(prompt)
        evaluated = prefill.evaluated + (0 if before is None else before.evaluated)
        return replace(prefill, evaluated=evaluated)

    def write(self, prefill: Prefill, chunks: Chunks, begun: Beginning = ()) -> Written:
        """Continue a prompt that was read, or the prompt and a beginning."""
        generated = generate(
            self.model,
            prefill.prompt,
            prefill.logits,
            self.plan,
            cancel=self.cancel,
            cache=self.cache(chunks),
            begun=begun,
        )
        return Written(prefill, chunks, generated)

    def answer(self, written: Written, decision: Decision) -> Answer:
        """The trimmed text and its own cost."""
        prefill, generated = written.prefill, written.generated
        tokens = Tokens(len(prefill.prompt), prefill.evaluated, generated.tokens)
        return self.trimmed(generated, written.chunks, decision, tokens)

    def trimmed(
        self, generated: Generated, chunks: Chunks, decision: Decision, tokens: Tokens
    ) -> Answer:
        """The answer that a text makes, whichever model wrote it."""
        trimmed = self._trimmer.trim(generated.text)
        if trimmed.text:
            trimmed = self._secrets.withhold(trimmed)
        return Answer(
            text=trimmed.text,
            replace_after=trimmed.replace_after,
            gate=decision,
            chunks=chunks,
            tokens=tokens,
            probability=generated.probability,
            reason=_reason(generated, trimmed),
        )

    def others(
        self, first: Written, decision: Decision, retrieved: Callable[[], Chunks]
    ) -> Iterator[Answer]:
        """Other texts, written as they are taken; most part from the first in its first line.

        One has read chunks if the first has not, and the reverse; it comes late, for reading costs.
        """

        def go_on(begun: Beginning) -> Generated:
            return self.write(first.prefill, first.chunks, begun).generated

        parted = (
            self.answer(replace(first, generated=other), decision)
            for other in branches(first.generated, go_on)
        )
        yield from islice(parted, self.request.alternatives - 1)
        otherwise = self._otherwise(() if first.chunks else retrieved(), first)
        if otherwise is not None:
            yield self.answer(otherwise, replace(decision, retrieved=bool(otherwise.chunks)))
        yield from parted

    def cache(self, chunks: Chunks) -> NgramCache | None:
        """The n-grams of the open file and of the chunks; None if switched off.

        The text given back by healing is left out: its last, broken token is the one to predict.
        """
        mixture = self._mixture
        if mixture is None:
            return None
        sources = [*self._file_sources, *(self.lines("\n" + chunk.text) for chunk in chunks)]
        return NgramCache(sources, pieces=self.model.pieces, mixture=mixture)

    def _otherwise(self, chunks: Chunks, first: Written) -> Written | None:
        """The text with these chunks instead of the first's; None if that is no difference."""
        if not chunks and not first.chunks:
            return None
        prefill = self.read_chunks(chunks)
        if prefill is None and chunks and not self.has_cache:
            return None
        return self.write(prefill or self.read(), chunks)

    def _read(self, prompt: list[int]) -> Prefill:
        evaluation = self.model.evaluate(prompt, rows=1, cancel=self.cancel)
        return Prefill(prompt, evaluation.logits[0], evaluation.evaluated)

    @cached_property
    def _file_sources(self) -> list[Source]:
        before, after = seen(self.request)
        before = before[: len(before) - len(self.view.owed.decode())]
        return self.document.tokens.sources(before, after, self.lines)

    @cached_property
    def _secrets(self) -> Secrets:
        return self.document.secrets.around(self.request.before, self.request.after)

    @cached_property
    def _trimmer(self) -> Trimmer:
        request = self.request
        return Trimmer.at(
            request.before,
            request.after,
            request.language,
            request.settings.max_lines,
            scanner=self.document.scanner,
            spoils=self.document.spoils(request),
        )

    @cached_property
    def plan(self) -> Plan:
        """The terms on which the request's texts are written."""
        return Plan(
            context=self.view.before,
            owed=self.view.owed,
            max_tokens=self.budget.generated,
            stop=self._trimmer.should_stop,
            least=self.request.settings.min_probability,
            note=self.request.alternatives > 0,
        )

    @property
    def _mixture(self) -> Mixture | None:
        return self.model.mixture if self.request.settings.workspace_cache else None


def _reason(generated: Generated, trimmed: Trimmed) -> str:
    """The rule that shortened the text; where it is empty, why."""
    if trimmed.text or generated.text:
        return trimmed.reason
    return f"unsure ({generated.probability:.3f})" if generated.reason == "unsure" else "empty"
