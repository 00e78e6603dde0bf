"""The requests to a server and the events of its answers, as JSON; pure.

`/v1/completions` as OpenAI defined it and vLLM, llama-server, llama-cpp-python and TGI serve it,
and llama-server's `/infill`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sidelong.engine.generate import Cut
from sidelong.engine.remote.characters import Infill

MOST_STOPS: Final = 4
"""OpenAI's own limit, which some servers have too."""

NO_ROOM: Final = "has no room for so long a prompt"

_TOO_LONG: Final = re.compile(
    r"maximum context length|maximum model length|model's context length"  # vLLM
    r"|`inputs` tokens \+ `max_new_tokens` must be|`inputs` must have less than"  # TGI
    r"|exceeds? (?:the available context size|context window)"  # older llama.cpp
)


class Failure(Cut):
    """The endpoint gave no completion; says what it did."""

    def __init__(
        self, fact: str, *, again: bool = False, status: int = 0, body: bytes = b""
    ) -> None:
        super().__init__(fact)
        self.again = again
        """True if the same request may be answered the next moment."""
        self.status = status
        self.body = body
        """The server's words, which may repeat the request."""


@dataclass(frozen=True)
class Event:
    """A piece of the text."""

    text: str
    probability: float = 1.0
    """Of the piece, as far as the server tells."""
    end: str = ""
    """Empty while more is to come; else `stop`, or `length` where the budget was used."""


def completions(
    prompt: str, *, name: str | None, max_tokens: int, ends: tuple[str, ...], probabilities: bool
) -> bytes:
    """The body of a request to `/v1/completions`."""
    body: dict[str, Any] = {
        "prompt": prompt,
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
        # vLLM otherwise writes on behind a special token that does not end its own texts.
        "skip_special_tokens": False,
    }
    if ends:
        body["stop"] = list(ends[:MOST_STOPS])
    if name is not None:
        body["model"] = name
    if probabilities:
        body["logprobs"] = 1
    return json.dumps(body).encode()


def infill(parts: Infill, *, max_tokens: int) -> bytes:
    """The body of a request to `/infill`."""
    body = {
        "input_prefix": parts.prefix,
        "input_suffix": parts.suffix,
        "prompt": parts.typed,
        "input_extra": [{"filename": path, "text": text} for path, text in parts.chunks],
        "n_predict": max_tokens,
        "temperature": 0,
        "n_probs": 1,
        "cache_prompt": True,
        "stream": True,
    }
    return json.dumps(body).encode()


def event(data: bytes) -> Event:
    """An event of either endpoint; raises `Failure`."""
    if data == b"[DONE]":
        return Event("", end="stop")
    said = parsed(data)
    if not isinstance(said, Mapping):
        raise Failure("sends an event that is no object")
    if said.get("error"):
        own = "reports an error of its own in the middle of the text"
        raise Failure(NO_ROOM if is_too_long(data) else own, body=data)
    if "content" in said:
        cut = said.get("stop_type") == "limit" or said.get("stopped_limit") is True
        end = ("length" if cut else "stop") if said.get("stop") is True else ""
        return Event(_text(said["content"]), _probability(said), end or _silent_end(said))
    choices = said.get("choices")
    if not isinstance(choices, list):
        raise Failure("sends an event without a text")
    if not choices:  # a report of usage
        return Event("")
    choice = choices[0]
    if not isinstance(choice, Mapping):
        raise Failure("sends an event without a text")
    reason = choice.get("finish_reason")
    finished = "length" if reason == "length" else "stop"  # TGI has reasons of its own.
    end = finished if reason else _silent_end(choice)
    return Event(_text(choice.get("text")), _probability(choice), end)


def parsed(data: bytes) -> Any:
    """The JSON that a server sent; raises `Failure`."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Failure("sends what is not JSON") from None


def is_too_long(body: bytes) -> bool:
    """True if an error's body or event says that the prompt does not fit the server's context.

    llama-server has a type for that, OpenAI and llama-cpp-python a code, and vLLM and TGI words.
    """
    error = _error(body)
    names = (error.get("type"), error.get("code"))
    if "exceed_context_size_error" in names or "context_length_exceeded" in names:
        return True
    return _TOO_LONG.search(_words(error)) is not None


def server_says(body: bytes) -> str:
    """The words of an error's body, for people; empty if it has none.

    Some servers repeat the request in them, code and all.
    """
    return _words(_error(body))[:200]


def _error(body: bytes) -> Mapping[str, Any]:
    """The object that describes an error; empty if the body has none."""
    try:
        said = parsed(body)
    except Failure:
        return {}
    error = said.get("error", said) if isinstance(said, Mapping) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, Mapping) else {}


def _words(error: Mapping[str, Any]) -> str:
    return " ".join(str(error.get("message") or error.get("detail") or "").split())


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Failure("sends a text that is none")
    return value


def _probability(said: Mapping[str, Any]) -> float:
    """The product of the tokens' probabilities, in any of the forms that servers use."""
    logs = said.get("logprobs") or {}
    if isinstance(logs, Mapping) and isinstance(logs.get("token_logprobs"), list):
        values = logs["token_logprobs"]
    else:
        values = [each.get("logprob") for each in _tokens(said)]
    numbers = [v for v in values if isinstance(v, (int, float)) and not math.isnan(v)]
    return math.exp(min(0.0, sum(numbers)))


def _silent_end(said: Mapping[str, Any]) -> str:
    """`stop` at a special token, of which llama-server writes no text and behind which it goes on.

    Half a character has no text either, but it has bytes.
    """
    return "stop" if any(each.get("bytes") == [] for each in _tokens(said)) else ""


def _tokens(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """llama-server's word on each token of a piece."""
    logs = said.get("logprobs")
    listed = logs.get("content") if isinstance(logs, Mapping) else None
    listed = listed or said.get("completion_probabilities")
    entries = listed if isinstance(listed, list) else []
    return [each for each in entries if isinstance(each, Mapping)]
