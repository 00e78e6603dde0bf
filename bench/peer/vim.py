"""llama.vim's side of llama-server: its requests, its ring of chunks, its memory of answers.

After autoload/llama.vim of ggml-org/llama.vim, with its default settings. Left out: the request
that it sends ahead for the next suggestion, while the last one is on the screen.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from bench.editing import Event
from bench.editor import Asked

LINES_ABOVE, LINES_BELOW = 256, 64
MOST_RIGHT = 8
"""With more characters to the right of the cursor it does not ask by itself."""
MOST_WRITTEN = 128
MOST_CHUNKS, CHUNK_LINES = 16, 64
MOST_BACK, MOST_ANSWERS = 128, 250
"""It looks back so many characters for an answer that is being typed along."""


@dataclass
class Ring:
    """Pieces of files that were in front of the user, oldest first."""

    chunks: list[tuple[str, list[str]]] = field(default_factory=list)

    def pick(self, event: Event) -> None:
        """Take in the lines around the cursor, in the place of those that are much like them."""
        lines = event.text.split("\n")
        at = event.text.count("\n", 0, event.offset)
        chunk = lines[max(0, at - CHUNK_LINES // 2) : at + CHUNK_LINES // 2]
        if len(chunk) < 3:
            return
        others = [old for old in self.chunks if _similarity(old[1], chunk) <= 0.9]
        self.chunks = [*others, (event.path, chunk)][-MOST_CHUNKS:]

    def extra(self) -> list[dict[str, str]]:
        """The chunks as a request sends them."""
        return [{"text": "\n".join(chunk) + "\n", "filename": path} for path, chunk in self.chunks]


class Vim:
    """An editor with llama.vim at one llama-server; blocks while it asks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ring = Ring()
        self._answers: OrderedDict[tuple[str, str, str], str] = OrderedDict()
        self._last: Event | None = None

    def ask(self, event: Event) -> Asked:
        """The suggestion after an event, and its cost."""
        self._gather(event)
        before, after = event.text[: event.offset], event.text[event.offset :]
        start = time.perf_counter()
        right = after.partition("\n")[0]
        if len(right) > MOST_RIGHT:
            return Asked("", 0, 0, 0.0, recalled=True)
        rest = self._recall(before, after)
        if rest is not None:
            ms = (time.perf_counter() - start) * 1000
            return Asked(rest, 0, 0, ms, recalled=True)
        prefix, middle, suffix = _parts(before, after)
        told = self._post("/infill", _request(prefix, middle, suffix, self._ring.extra()))
        ms = (time.perf_counter() - start) * 1000
        text = str(told["content"]).rstrip()
        self._remember(before, after, text)
        timings = told["timings"]
        return Asked(text, timings["prompt_n"], timings["predicted_n"], ms, recalled=False)

    def _gather(self, event: Event) -> None:
        """Take in what was left and what is now in front, as on leaving and entering a buffer."""
        last, self._last = self._last, event
        if event.kind in ("switch", "move"):
            for each in filter(None, (last, event)):
                self._ring.pick(each)
            # It has the chunks read while the user rests.
            self._post("/infill", {**_request("", "", "", self._ring.extra()), "n_predict": 0})

    def _recall(self, before: str, after: str) -> str | None:
        """The rest of an answer that is being typed along."""
        prefix, middle, suffix = _parts(before, after)
        for n in range(min(len(middle), MOST_BACK) + 1):
            begun, typed = middle[: len(middle) - n], middle[len(middle) - n :]
            answer = self._answers.get((prefix, begun, suffix))
            if answer is not None and answer.startswith(typed) and answer != typed:
                return answer[n:]
        return None

    def _remember(self, before: str, after: str, text: str) -> None:
        self._answers[_parts(before, after)] = text
        while len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._url + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            told: dict[str, Any] = json.load(response)
        return told


def _parts(before: str, after: str) -> tuple[str, str, str]:
    """Whole lines above, the typed part of the line, and what follows the cursor."""
    above, _, typed = before.rpartition("\n")
    right, _, below = after.partition("\n")
    if not (typed + right).strip():
        typed = right = ""
    prefix = "\n".join(above.split("\n")[-LINES_ABOVE:]) + "\n"
    return prefix, typed, right + "\n" + "\n".join(below.split("\n")[:LINES_BELOW]) + "\n"


def _request(prefix: str, middle: str, suffix: str, extra: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "input_prefix": prefix,
        "input_suffix": suffix,
        "input_extra": extra,
        "prompt": middle,
        "n_predict": MOST_WRITTEN,
        "n_indent": len(middle) - len(middle.lstrip()),
        "top_k": 40,
        "top_p": 0.90,
        "samplers": ["top_k", "top_p", "infill"],
        "stream": False,
        "cache_prompt": True,
        "t_max_prompt_ms": 500,
        "t_max_predict_ms": 250,
    }


def _similarity(one: list[str], other: list[str]) -> float:
    """The share of lines that both have."""
    common = sum(line in other for line in one)
    return 2 * common / (len(one) + len(other))
