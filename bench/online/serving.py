"""Blanks typed into completers as an editor would, with every keystroke measured.

Every keystroke goes to the model, as if no suggestion could be typed along: the worst case.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.online.strokes import WAYS, Paths, Spent, Stroke, Typed, Way, texts
from bench.online.worker import Job, PathThread

from sidelong.engine import Answer, Completer, Correction, Request, retrieve
from sidelong.evaluation.cases import Case
from sidelong.settings import RetrievalMode, Settings
from sidelong_index import Exclusion, Snapshot

_MODE: dict[Way, RetrievalMode] = {"never": "never", "always": "always", "selective": "auto"}


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

        The caller closes them, and does not use them before `close`.
        `correction` is the folder's, as the editor would use it.
        """
        self._one, self._other, self._decider = (
            PathThread(one),
            PathThread(other),
            PathThread(decider),
        )
        self._workers = (self._one, self._other, self._decider)
        self._snapshot, self._correction = snapshot, correction

    def close(self) -> None:
        """End the threads; idempotent."""
        for worker in self._workers:
            worker.close()

    def typed(
        self, cases: Sequence[Case], settings: Settings, *, keys: int, interval_s: float
    ) -> Iterator[Typed]:
        """Each case typed in every setting, one as soon as it is done.

        With an `interval_s` above 0 it is typed once more at that pace, each way.
        An exception stops the decoders before it is raised again.
        """
        try:
            for turn, case in enumerate(cases):
                yield self._type(case, settings, keys, interval_s, turn)
        except BaseException:
            for worker in self._workers:
                worker.stop()
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

    def _complete(
        self, worker: PathThread, request: Request, exclude: Exclusion, way: Way
    ) -> Job[Answer]:
        asked = replace(request, settings=replace(request.settings, retrieval=_MODE[way]))
        return worker.submit(
            lambda completer, cancel: completer.complete(
                asked, snapshot=self._snapshot, cancel=cancel, exclude=exclude
            )
        )

    def _decide(self, request: Request) -> Job[Answer]:
        """Read the code on both sides of the cursor, and write nothing that takes a pass."""
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
        for worker in self._workers:
            worker.forget()
        return [
            self._race(request, exclude, retrieved)
            for request, retrieved in zip(asked, wanted, strict=True)
        ]

    def _race(self, request: Request, exclude: Exclusion, retrieved: bool) -> Spent:
        counted = sum(worker.tokens for worker in self._workers)
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
        return Spent(ms, decision.tokens, sum(worker.tokens for worker in self._workers) - counted)

    def _with_all_read(self, raced: Spent, others: Sequence[Spent]) -> Spent:
        """Add the tokens that the two completing paths had to read, stopped or not."""
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
        latencies: list[float | None] = []
        for i, request in enumerate(asked):
            due = start + i * interval_s
            job = self._complete(self._one, request, exclude, way)
            next_key = due + interval_s if i + 1 < len(asked) else None
            done = job.wait(until=next_key).future.done()
            if not done:
                job.cancel.set()
            latencies.append((job.ended - due) * 1000 if done else None)
            if next_key is not None:
                time.sleep(max(0.0, next_key - time.perf_counter()))
        return tuple(latencies[1:])


def _spent(job: Job[Answer]) -> Spent:
    """The cost of an answer; tokens that its policy read count as read."""
    tokens = job.value.tokens
    return Spent(job.ms, tokens.evaluated + tokens.policy, job.tokens)
