"""The wall time of the whole engine over that of a bare llama.cpp loop on the same tokens.

Each request is completed, and the passes of its model are noted; the same passes are then made
again by nothing but calls of llama.cpp, in a context of its own with the same parameters, which
takes the likeliest token of each. The two take turns, on one thread each: threads that wait for
each other would hide the difference.
The processor's time, of all threads together, says the same on a machine that others use, where the
wall time of a pass varies more than what is looked for; the search, which runs beside the passes,
counts there as if it ran between them.

    python -m bench.overhead [GGUF]
"""

from __future__ import annotations

import operator
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from bench.decoded import places
from bench.program import Program, Result, program, ratio
from bench.sources import package

from sidelong.engine import Cancel, Completer, Evaluation, load_model

if TYPE_CHECKING:
    from sidelong.engine import LlamaModel

REQUESTS = 60


@dataclass(frozen=True)
class Pass:
    """One evaluation: the sequence after it, and the tokens of it that were new."""

    tokens: tuple[int, ...]
    evaluated: int


@dataclass
class Noting:
    """A model that notes its passes; everything else is the model's."""

    model: LlamaModel
    passes: list[Pass] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        """See `LlamaModel.evaluate`."""
        evaluation = self.model.evaluate(tokens, rows=rows, cancel=cancel, hidden=hidden)
        self.passes.append(Pass(tuple(tokens), evaluation.evaluated))
        return evaluation


class Bare:
    """The least that can be done with llama.cpp."""

    def __init__(self, run: Program, like: LlamaModel) -> None:
        # After the engine, which loads the library with its own settings for OpenMP.
        import llama_cpp

        self._llama = llama_cpp
        self._model = llama_cpp.llama_model_load_from_file(
            str(run.model).encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_seq_max = like.n_ctx, 1
        params.n_batch = params.n_ubatch = self._n_batch = like._n_batch
        params.n_threads = params.n_threads_batch = 1
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._memory = llama_cpp.llama_get_memory(self._context)
        vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._n_vocab = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self._batch = llama_cpp.llama_batch_init(self._n_batch, 0, 1)

    def repeat(self, passes: Sequence[Pass]) -> None:
        """Make the same passes; the cache holds what it held before."""
        for each in passes:
            kept = len(each.tokens) - each.evaluated
            self._llama.llama_memory_seq_rm(self._memory, 0, kept, -1)
            for begin in range(kept, len(each.tokens), self._n_batch):
                self._decode(each.tokens[begin : begin + self._n_batch], begin)
            logits = self._llama.llama_get_logits_ith(self._context, -1)
            np.ctypeslib.as_array(logits, (self._n_vocab,)).argmax()

    def _decode(self, tokens: Sequence[int], begin: int) -> None:
        batch, n = self._batch, len(tokens)
        batch.n_tokens = n
        for i, token in enumerate(tokens):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, begin + i, 1
            batch.seq_id[i][0], batch.logits[i] = 0, i == n - 1
        self._llama.llama_decode(self._context, batch)

    def close(self) -> None:
        """Free everything."""
        self._llama.llama_batch_free(self._batch)
        self._llama.llama_free(self._context)
        self._llama.llama_model_free(self._model)


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of the processors."""

    wall: float
    cpu: float

    @classmethod
    def by(cls, call: Callable[[], object]) -> Took:
        """The time of one call."""
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        return cls(time.perf_counter() - wall, time.process_time() - cpu)


def measure(run: Program) -> Iterator[Result]:
    model = load_model(run.model, threads=1)
    noting = Noting(model)
    completer, bare = Completer(noting), Bare(run, model)
    code = package()
    snapshot = code.snapshot()
    ours, theirs = list[Took](), list[Took]()
    evaluated, passes = 0, 0
    for request in places(code, run.times(REQUESTS, 6)):
        model.forget()
        noting.passes.clear()
        complete = partial(completer.complete, request, snapshot=snapshot, cancel=Cancel())
        ours.append(Took.by(complete))
        theirs.append(Took.by(partial(bare.repeat, noting.passes)))
        evaluated += sum(each.evaluated for each in noting.passes)
        passes += len(noting.passes)
    bare.close()
    completer.close()
    counts = {"requests": len(ours), "tokens": evaluated, "passes": passes}
    sides: dict[str, Callable[[Took], float]] = {
        "overhead_p50": lambda took: took.wall,
        "overhead_cpu_p50": lambda took: took.cpu,
    }
    for name, seconds in sides.items():
        mine, bare_s = [*map(seconds, ours)], [*map(seconds, theirs)]
        times = {
            "ours_ms": 1000 * statistics.median(mine),
            "theirs_ms": 1000 * statistics.median(bare_s),
            "more_ms": 1000 * statistics.median(map(operator.sub, mine, bare_s)),
        }
        other = "llama.cpp alone, same tokens"
        yield Result(name, ratio(mine, bare_s), "x", other, {**counts, **times})


def main(arguments: Sequence[str] | None = None) -> None:
    run = program("bench.overhead", __doc__, arguments)
    run.leave(*measure(run))


if __name__ == "__main__":
    main()
