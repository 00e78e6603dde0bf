"""The process that tries models: it loads them and completes a few lines, as serving does.

`trial` starts it, tells it the settings in one line, and reads its report, one line of JSON.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any

from sidelong.engine.completer import Completer
from sidelong.engine.loading import load_untried
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.selftest import PROBE, check
from sidelong.engine.trial import Report
from sidelong.errors import ModelError
from sidelong.settings import UserSettings


def main() -> None:
    """Try the models named on stdin, and print the report or the error."""
    # llama.cpp may print to stdout itself; that goes to stderr.
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # Off its place too: on Windows a library that looks at a pipe waits for a thread that reads it.
    stdin = os.fdopen(os.dup(0), "rb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    request: dict[str, Any] = json.loads(stdin.readline())
    threading.Thread(target=_end_with_parent, args=(stdin,), daemon=True).start()
    try:
        answer: dict[str, Any] = asdict(_try(request))
    except ModelError as error:
        answer = {"error": [type(error).__name__, str(error)]}
    print(json.dumps(answer), file=report, flush=True)
    # Nothing is left to do, and an unwinding library could only fail.
    os._exit(0)


def _end_with_parent(stdin: FileIO) -> None:
    """Wait for the end of stdin: nobody reads the report any more."""
    while stdin.read(1):
        pass
    os._exit(1)


def _try(request: dict[str, Any]) -> Report:
    files = {
        name: Path(request[name]) if request[name] is not None else None
        for name in ("shipped", "model", "policy")
    }
    user = UserSettings(
        model=files["model"],
        policy=files["policy"],
        shipped=files["shipped"],
        threads=request["threads"],
        gpu_layers=request["gpu_layers"],
        n_ctx=request["n_ctx"],
    )
    start = time.perf_counter()
    model, policy = load_untried(user)
    load_ms = (time.perf_counter() - start) * 1000
    completer = Completer(model, policy)
    check(completer)
    answer = completer.complete(PROBE, snapshot=None, cancel=Cancel())
    family = model.special.family
    return Report(
        description=model.describe(),
        family=family.name if family is not None else None,
        parameters=model.n_params,
        decides=model.special.decides,
        licence=model.metadata("general.license"),
        remarks=model.remarks,
        text=answer.text,
        tokens=asdict(answer.tokens),
        ms={"load": load_ms, **answer.ms},
    )
