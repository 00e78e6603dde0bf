"""The cost of the question whether to abort: C's strlen against a Python callback.

`llama_decode` asks before every node of the graph.
A Python callback needs the interpreter lock each time, which an indexing thread may hold for
milliseconds; strlen needs none (see `sidelong.engine.Cancel`).

    python -m bench.abort [MODEL.gguf]
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp

from sidelong.engine import Cancel, load_model
from sidelong.paths import default_model

if TYPE_CHECKING:
    from sidelong.engine import LlamaModel

RUNS = 15
CODE = "for name, value in sorted(fields.items()):\n    total += value.weight\n"


def ask_python(model: LlamaModel) -> Any:
    """Put a Python abort callback where the product has strlen."""

    def never(_data: Any) -> bool:
        return False

    original = model._abort
    model._abort = llama_cpp.ggml_abort_callback(never)
    return original


def decode_ms(model: LlamaModel) -> float:
    """Median milliseconds to prefill 400 tokens and decode 20."""
    tokens = (model.tokenize(CODE) * 40)[:400]
    times = []
    for _ in range(RUNS):
        model.forget()
        start = time.perf_counter()
        for n in range(380, 400):
            model.evaluate(tokens[:n], rows=1, cancel=Cancel())
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default_model()
    model = load_model(path, threads=1)
    busy = threading.Event()

    def index() -> None:
        while not busy.is_set():
            sum(i * i for i in range(10_000))

    for load in ("idle", "a busy Python thread"):
        if load != "idle":
            threading.Thread(target=index, daemon=True).start()
        by_strlen = decode_ms(model)
        strlen = ask_python(model)
        by_python = decode_ms(model)
        model._abort = strlen
        ratio = by_python / by_strlen
        print(f"{load}: strlen {by_strlen:.0f} ms, Python {by_python:.0f} ms, ratio {ratio:.2f}")
    busy.set()
    model.close()


if __name__ == "__main__":
    main()
