"""The texts for one request: what the model reads for them, writes, and what trim leaves of that.

Whether to read chunks is decided by `completer`, which runs this on the model's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from sidelong.engine.alternatives import Beginning, branches
from sidelong.engine.documents import Document
from sidelong.engine.gate import Decision
from sidelong.engine.generate import Generated, generate
from sidelong.engine.mixture import Mixture
from sidelong.engine.model.protocol import Cancel, Logits, Model
from sidelong.engine.ngram import LineTokens, NgramCache, file_sources
from sidelong.engine.prompt import Budget
from sidelong.engine.request import Answer, Request, Tokens
from sidelong.engine.trim import Trimmed, Trimmer
from sidelong.engine.view import View, seen
from sidelong_index import Hit

Chunks = tuple[Hit, ...]


@dataclass(frozen=True)
class Read:
    """A prompt that was read, the next token's logits [V], and the tokens evaluated for it."""

    prompt: list[int]
    logits: Logits
    evaluated: int


@dataclass(frozen=True)
class Written:
    """A text, with what it was written from."""

    read: Read
    chunks: Chunks
    generated: Generated


@dataclass(frozen=True)
class Writer:
    """What all texts for one request have in common; every method may raise `Stopped`."""

    model: Model
    request: Request
    seeing: View
    budget: Budget
    lines: LineTokens
    document: Document
    cancel: Cancel

    @property
    def has_cache(self) -> bool:
        """Whether chunks speak through the workspace cache, even where none is read."""
        return self._mixture is not None

    @property
    def _mixture(self) -> Mixture | None:
        return self.model.mixture if self.request.settings.workspace_cache else None

    @cached_property
    def _trimmer(self) -> Trimmer:
        """Built once: the decoder asks it after every token."""
        request = self.request
        return Trimmer.at(
            request.before,
            request.after,
            request.language,
            request.settings.max_lines,
            scanner=self.document.scanner,
            spoils=self.document.spoils(request),
        )

    def read(self) -> Read:
        """Read what completes from the open file alone."""
        return self._read(self.seeing.prompt)

    def read_chunks(self, chunks: Chunks, before: Read | None = None) -> Read | None:
        """Read on from what was read before, if anything; None if no chunk fits the budget.

        A model that was not trained enough to use context has a context budget of 0; what is
        retrieved then speaks through the workspace cache alone.
        """
        prompt = self.seeing.with_chunks(chunks)
        if prompt is None:
            return None
        found = self._read(prompt)
        evaluated = found.evaluated + (0 if before is None else before.evaluated)
        return replace(found, evaluated=evaluated)

    def write(self, read: Read, chunks: Chunks, begun: Beginning = ()) -> Written:
        """Continue what was read, or that and a beginning."""
        request = self.request
        generated = generate(
            self.model,
            read.prompt,
            read.logits,
            context=self.seeing.before,
            owed=self.seeing.owed,
            cache=self.cache(chunks),
            max_tokens=self.budget.generated,
            stop=self._trimmer.should_stop,
            cancel=self.cancel,
            least=request.settings.min_probability,
            begun=begun,
            note=request.alternatives > 0,
        )
        return Written(read, chunks, generated)

    def answer(self, written: Written, decision: Decision) -> Answer:
        """The text, trimmed, with what it cost by itself."""
        read, generated = written.read, written.generated
        trimmed = self._trimmer.trim(generated.text)
        return Answer(
            text=trimmed.text,
            replace_after=trimmed.replace_after,
            gate=decision,
            chunks=written.chunks,
            tokens=Tokens(len(read.prompt), read.evaluated, generated.tokens),
            probability=generated.probability,
            reason=_reason(generated, trimmed),
        )

    def others(
        self, first: Written, decision: Decision, retrieved: Callable[[], Chunks]
    ) -> Iterator[Answer]:
        """Other texts, made as they are taken, most of which part from the first in its first line.

        One has read chunks if the first has not, and the reverse; it comes late, for reading costs.
        """

        def go_on(begun: Beginning) -> Generated:
            return self.write(first.read, first.chunks, begun).generated

        parted = (
            self.answer(replace(first, generated=other), decision)
            for other in branches(first.generated, go_on)
        )
        yield from islice(parted, self.request.alternatives - 1)
        otherwise = self._otherwise(() if first.chunks else retrieved(), first)
        if otherwise is not None:
            yield self.answer(otherwise, replace(decision, retrieved=bool(otherwise.chunks)))
        yield from parted

    def _otherwise(self, chunks: Chunks, first: Written) -> Written | None:
        """The text with these chunks instead of the first's; None if that is no difference."""
        if not chunks and not first.chunks:
            return None
        read = self.read_chunks(chunks)
        if read is None and chunks and not self.has_cache:
            return None
        return self.write(read or self.read(), chunks)

    def _read(self, prompt: list[int]) -> Read:
        found = self.model.evaluate(prompt, rows=1, cancel=self.cancel)
        return Read(prompt, found.logits[0], found.evaluated)

    def cache(self, chunks: Chunks) -> NgramCache | None:
        """The n-grams of the open file and of what was retrieved; None if switched off.

        The text given back by healing is left out: its last, broken token is what is asked for.
        """
        mixture = self._mixture
        if mixture is None:
            return None
        before, after = seen(self.request)
        before = before[: len(before) - len(self.seeing.owed.decode())]
        sources = file_sources(before, after, self.lines)
        sources += [self.lines("\n" + chunk.text) for chunk in chunks]
        return NgramCache(sources, pieces=self.model.pieces, mixture=mixture)


def _reason(generated: Generated, trimmed: Trimmed) -> str:
    """What shortened the text; where it is empty, why."""
    if trimmed.text or generated.text:
        return trimmed.reason
    return f"unsure ({generated.probability:.3f})" if generated.reason == "unsure" else "empty"
