"""Typing blanks into completers as an editor would, and measuring what each keystroke takes.

Which settings there are, and what the measurements come to, is `online`'s.
Every keystroke goes to the model, as if no suggestion could be typed along: the worst case.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from sidelong.engine import (
    Answer,
    Cancel,
    Completer,
    Correction,
    Evaluation,
    Model,
    Request,
    Stopped,
    retrieve,
)
from sidelong.evaluation.online import WAYS, Paths, Spent, Stroke, Typed, Way, texts
from sidelong.evaluation.run import Case
from sidelong.settings import RetrievalMode, Settings
from sidelong_index import Exclusion, Snapshot

T = TypeVar("T")

_MODE: dict[Way, RetrievalMode] = {"never": "never", "always": "always", "selective": "auto"}
_SLICE_S = 0.1
"""In slices: a wait without end cannot be interrupted on Windows."""


class Serving:
    """Three completers: one serves alone, and all of them together the three paths."""

    def __init__(
        self,
        one: Completer,
        other: Completer,
        decider: Completer,
        snapshot: Snapshot,
        correction: Correction | None = None,
    ) -> None:
        """`other` is like `one`, and `decider` is on the model that decides for them.

        They stay the caller's, who leaves them alone until `close`.
        `correction` is the folder's, as the editor would use it.
        """
        self._one, self._other, self._decider = Path(one), Path(other), Path(decider)
        self._paths = (self._one, self._other, self._decider)
        self._snapshot, self._correction = snapshot, correction

    def close(self) -> None:
        """End the threads; idempotent."""
        for path in self._paths:
            path.close()

    def typed(
        self, cases: Sequence[Case], settings: Settings, *, keys: int, interval_s: float
    ) -> Iterator[Typed]:
        """Each case typed in every setting, one as soon as it is done.

        With an `interval_s` above 0 it is typed once more at that pace, each way.
        An exception stops the decoders before it goes on.
        """
        try:
            for turn, case in enumerate(cases):
                yield self._type(case, settings, keys, interval_s, turn)
        except BaseException:
            for path in self._paths:
                path.stop()
            raise

    def _type(
        self, case: Case, settings: Settings, keys: int, interval_s: float, turn: int
    ) -> Typed:
        first = turn % len(WAYS)
        turned = (*WAYS[first:], *WAYS[:first])
        asked = [self._request(case, text, offset, settings) for text, offset in texts(case, keys)]
        exclude = case.exclusion
        warm = {way: self._alone(asked, exclude, way) for way in turned}
        wanted = [answer.gate.retrieved for answer, _ in warm["selective"]]
        at_once = self._at_once(asked, exclude, wanted)
        strokes = tuple(
            Stroke(
                paths=self._from_scratch(request, exclude),
                at_once=self._with_all_read(
                    at_once[i], [warm[way][i][1] for way in ("never", "always")]
                ),
                one_cache={way: warm[way][i][1] for way in WAYS},
                retrieved=wanted[i],
            )
            # The first request finds a cache without anything of the file: that is no keystroke.
            for i, request in enumerate(asked)
            if i
        )
        replayed = {way: self._replay(asked, exclude, way, interval_s) for way in turned}
        return Typed(case, strokes, replayed if interval_s > 0 else {})

    def _request(self, case: Case, text: str, offset: int, settings: Settings) -> Request:
        return Request(
            path=case.file.path,
            language=case.file.language,
            text=text,
            offset=offset,
            settings=settings,
            id=f"{case.file.path}:{offset}",
            project=case.file.project,
            correction=self._correction,
        )

    def _complete(self, path: Path, request: Request, exclude: Exclusion, way: Way) -> _Job[Answer]:
        asked = replace(request, settings=replace(request.settings, retrieval=_MODE[way]))
        return path.submit(
            lambda completer, cancel: completer.complete(
                asked, snapshot=self._snapshot, cancel=cancel, exclude=exclude
            )
        )

    def _decide(self, request: Request) -> _Job[Answer]:
        """Read what is before the cursor and behind it, and write nothing that takes a pass."""
        settings = replace(request.settings, retrieval="auto", max_tokens=1, workspace_cache=False)
        asked = replace(request, settings=settings)
        return self._decider.submit(
            lambda completer, cancel: completer.complete(asked, snapshot=None, cancel=cancel)
        )

    def _alone(
        self, asked: Sequence[Request], exclude: Exclusion, way: Way
    ) -> list[tuple[Answer, Spent]]:
        """Each request after the one before it, on a cache that stays."""
        self._one.forget()
        jobs = [self._complete(self._one, request, exclude, way).wait() for request in asked]
        return [(job.value, _spent(job)) for job in jobs]

    def _at_once(
        self, asked: Sequence[Request], exclude: Exclusion, wanted: Sequence[bool]
    ) -> list[Spent]:
        """Three paths at the same time; when the decision is there, one of them is stopped."""
        for path in self._paths:
            path.forget()
        return [
            self._race(request, exclude, retrieved)
            for request, retrieved in zip(asked, wanted, strict=True)
        ]

    def _race(self, request: Request, exclude: Exclusion, retrieved: bool) -> Spent:
        counted = sum(path.tokens for path in self._paths)
        start = time.perf_counter()
        decision = self._decide(request)
        without = self._complete(self._one, request, exclude, "never")
        with_ = self._complete(self._other, request, exclude, "always")
        decision.wait()
        chosen, ignored = (with_, without) if retrieved else (without, with_)
        ignored.cancel.set()
        ended = max(decision.ended, chosen.wait().ended)
        ignored.wait()
        ms = (ended - start) * 1000
        return Spent(ms, decision.tokens, sum(path.tokens for path in self._paths) - counted)

    def _with_all_read(self, raced: Spent, others: Sequence[Spent]) -> Spent:
        """With what the two completing paths had to read, whether or not they were stopped."""
        return replace(raced, read=raced.read + sum(other.read for other in others))

    def _from_scratch(self, request: Request, exclude: Exclusion) -> Paths:
        self._decider.forget()
        decision = self._decide(request).wait()
        self._one.forget()
        without = self._complete(self._one, request, exclude, "never").wait()
        start = time.perf_counter()
        retrieve(
            self._snapshot,
            path=request.path,
            text=request.text,
            offset=request.offset,
            k=request.settings.max_chunks,
            exclude=exclude,
        )
        retrieval_ms = (time.perf_counter() - start) * 1000
        self._one.forget()
        with_ = self._complete(self._one, request, exclude, "always").wait()
        # The engine searches beside the prefill; in the published setting that comes before.
        waited = with_.value.ms.get("retrieve", 0.0)
        return Paths(
            decision=_spent(decision),
            without=_spent(without),
            with_=replace(_spent(with_), ms=with_.ms - waited),
            retrieval_ms=retrieval_ms,
        )

    def _replay(
        self, asked: Sequence[Request], exclude: Exclusion, way: Way, interval_s: float
    ) -> tuple[float | None, ...]:
        """A key each `interval_s`; the newest request wins, an older one stops in its decoder."""
        if interval_s <= 0:
            return ()
        self._one.forget()
        start = time.perf_counter()
        found: list[float | None] = []
        for i, request in enumerate(asked):
            due = start + i * interval_s
            job = self._complete(self._one, request, exclude, way)
            next_key = due + interval_s if i + 1 < len(asked) else None
            done = job.wait(until=next_key).future.done()
            if not done:
                job.cancel.set()
            found.append((job.ended - due) * 1000 if done else None)
            if next_key is not None:
                time.sleep(max(0.0, next_key - time.perf_counter()))
        return tuple(found[1:])


class Path:
    """A completer on a thread of its own, with a count of the tokens through its models."""

    def __init__(self, completer: Completer) -> None:
        self._completer = completer
        self._counted = [_Counted(model) for model in completer.models]
        completer.model = cast(Model, self._counted[0])
        if completer.policy is not None:
            completer.policy = cast(Model, self._counted[1])
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sidelong-path")
        self._newest: Cancel | None = None

    @property
    def tokens(self) -> int:
        """All that went through its models until now."""
        return sum(model.tokens for model in self._counted)

    def submit(self, call: Callable[[Completer, Cancel], T]) -> _Job[T]:
        """Start a call on the path's thread, behind what was started there before."""
        job: _Job[T] = _Job(self, Cancel())
        self._newest = job.cancel
        job.future = self._pool.submit(job.run, lambda: call(self._completer, job.cancel))
        return job

    def forget(self) -> None:
        """Leave nothing in the caches."""

        def empty(completer: Completer, _: Cancel) -> None:
            for model in completer.models:
                model.forget()

        self.submit(empty).wait()

    def stop(self) -> None:
        """Stop what runs, inside of the decoder."""
        if self._newest is not None:
            self._newest.set()

    def close(self) -> None:
        """Stop what runs and end the thread; idempotent."""
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)


class _Job(Generic[T]):
    """A call on a path, what it returned, and what it took."""

    future: Future[T]

    def __init__(self, path: Path, cancel: Cancel) -> None:
        self.cancel = cancel
        self.ms, self.tokens, self.ended = 0.0, 0, 0.0
        self._path = path

    def run(self, call: Callable[[], T]) -> T:
        """On the path's thread: the call, measured."""
        tokens, start = self._path.tokens, time.perf_counter()
        try:
            return call()
        finally:
            self.ended = time.perf_counter()
            self.ms = (self.ended - start) * 1000
            self.tokens = self._path.tokens - tokens

    def wait(self, until: float | None = None) -> _Job[T]:
        """Wait for the end, at most `until` on the clock; raises what the call raised.

        A call that was stopped has ended too.
        """
        while until is None or time.perf_counter() < until:
            left = _SLICE_S if until is None else min(_SLICE_S, until - time.perf_counter())
            if wait([self.future], timeout=max(0.0, left)).done:
                break
        if self.future.done():
            error = self.future.exception()
            if error is not None and not (isinstance(error, Stopped) and self.cancel.is_set()):
                raise error
        return self

    @property
    def value(self) -> T:
        """What the call returned."""
        return self.future.result()


@dataclass
class _Counted:
    """A model that counts the tokens it evaluates; everything else is the model's own."""

    _model: Model
    tokens: int = 0

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        found = self._model.evaluate(tokens, rows=rows, cancel=cancel, hidden=hidden)
        self.tokens += found.evaluated
        return found

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)


def _spent(job: _Job[Answer]) -> Spent:
    """What an answer took; what its policy read was read too."""
    tokens = job.value.tokens
    return Spent(job.ms, tokens.evaluated + tokens.policy, job.tokens)
