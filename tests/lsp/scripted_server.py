"""A language server with a scripted model; tests start it as a process.

The first line of a document tells it what to do: `#! {"text": "1 + 1"}`.

    text            the suggestion, with the request's own values in `{path}`, `{max_lines}`...
    written         the model's own text in place of a suggestion; it is trimmed as usual
    others          the alternatives for a request by hand
    replace_after   the number of characters after the cursor that it replaces
    reason          the reason for an empty text
    wait            do not answer until stopped
    hold            do not answer until the file of this name exists
    crash           fail with this message

A model's file may be empty, or tell how it loads: `{"hold": "file"}` waits until the file of this
name exists, `{"fail": "message"}` fails.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sidelong.engine.gate import Decision
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.model.thread import ModelThread, OnChange
from sidelong.engine.request import Answer, Request, Tokens
from sidelong.engine.trim import Trimmer
from sidelong.errors import ModelMissing, ModelUnsupported
from sidelong.lsp import ServeOptions, serve_stdio, serve_tcp
from sidelong.settings import UserSettings
from sidelong_index import Snapshot

logger = logging.getLogger("sidelong.scripted")


class Scripted:
    """Takes the place of the completer, on the worker's thread."""

    def __init__(self, user: UserSettings) -> None:
        if user.model is not None and not user.model.is_file():
            raise ModelMissing(f"{user.model}: no such file. Set sidelong.model.path.")
        self._load(user.model)
        self.model = user.model.name if user.model else "scripted"
        self._asked = 0

    def _load(self, path: Path | None) -> None:
        text = path.read_text() if path is not None else ""
        script: dict[str, Any] = json.loads(text) if text else {}
        while "hold" in script and not Path(script["hold"]).exists():
            time.sleep(0.005)
        if "fail" in script:
            raise ModelUnsupported(script["fail"])

    def close(self) -> None:
        logging.getLogger("sidelong.scripted").info("%s is closed", self.model)

    def complete(self, request: Request, snapshot: Snapshot | None, cancel: Cancel) -> Answer:
        self._asked += 1
        logger.info("asked %s at %d", request.path, request.offset)
        try:
            return self._complete(request, snapshot, cancel)
        except Stopped:
            logger.info("stopped %s at %d", request.path, request.offset)
            raise

    def read_ahead(self, request: Request, cancel: Cancel) -> int:
        logger.info("reading %s at %d", request.path, request.offset)
        try:
            self._wait(_script(request), cancel)
        except Stopped:
            logger.info("stopped %s at %d", request.path, request.offset)
            raise
        return 1

    def _wait(self, script: dict[str, Any], cancel: Cancel) -> None:
        while script.get("wait") or ("hold" in script and not Path(script["hold"]).exists()):
            cancel.check()
            time.sleep(0.005)

    def _complete(self, request: Request, snapshot: Snapshot | None, cancel: Cancel) -> Answer:
        script = _script(request)
        self._wait(script, cancel)
        if "crash" in script:
            raise RuntimeError(script["crash"])
        print("a stray print must not reach the client")
        text, replace_after = script.get("text", ""), script.get("replace_after", 0)
        if "written" in script:
            most = request.settings.max_lines
            trimmer = Trimmer.at(request.before, request.after, request.language, most)
            trimmed = trimmer.trim(script["written"])
            text, replace_after = trimmed.text, trimmed.replace_after
        values = {
            "path": request.path,
            "language": request.language,
            "model": self.model,
            "asked": self._asked,
            "after": request.after,
            "before": request.before,
            "left": request.before.rpartition("\n")[2],
            "right": request.after.partition("\n")[0],
            "snapshot": snapshot is not None,
            "retrieval": request.settings.retrieval,
            "max_lines": request.settings.max_lines,
        }
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        answer = Answer(
            text=text,
            replace_after=replace_after,
            reason=script.get("reason", ""),
            gate=Decision(0.25, 0.5, "threshold", retrieved=False),
            tokens=Tokens(prompt=10, evaluated=2, generated=3),
            ms={"look": 1.0},
        )
        others = script.get("others", [])[: request.alternatives]
        return replace(answer, alternatives=tuple(replace(answer, text=other) for other in others))


def _script(request: Request) -> dict[str, Any]:
    first = request.text.split("\n", 1)[0]
    script: dict[str, Any] = json.loads(first[2:]) if first.startswith("#!") else {}
    return script


class ScriptedEngine:
    """An engine like the real one, on the real worker thread."""

    def __init__(self, user: UserSettings, on_change: OnChange) -> None:
        self._worker = ModelThread(lambda: Scripted(user), Scripted.close, on_change)
        self.unload_after(user.unload_after_minutes)

    async def ready(self) -> str:
        return await self._worker.run("", lambda scripted, _cancel: scripted.model)

    async def complete(self, key: str, request: Request, snapshot: Snapshot | None) -> Answer:
        return await self._worker.run(
            key, lambda scripted, cancel: scripted.complete(request, snapshot, cancel)
        )

    async def read_ahead(self, key: str, request: Request, snapshot: Snapshot | None) -> int:
        return await self._worker.run(
            key, lambda scripted, cancel: scripted.read_ahead(request, cancel)
        )

    def unload_after(self, minutes: float) -> None:
        self._worker.unload_after(60 * minutes or None)

    async def retire(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._worker.retire)

    async def stop(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._worker.stop)


if __name__ == "__main__":
    options = ServeOptions(log_level="debug", log_file=Path(sys.argv[1]))
    if "--tcp" in sys.argv:
        say_port = partial(print, file=sys.stderr, flush=True)
        sys.exit(serve_tcp(options, make_engine=ScriptedEngine, on_listening=say_port))
    sys.exit(serve_stdio(options, make_engine=ScriptedEngine))
