"""A completer whose texts come from an HTTP server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sidelong.engine.completer import Completer
from sidelong.engine.loading import connect
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.remote.endpoint import endpoint_of
from sidelong.engine.request import Answer, Request
from sidelong.settings import Settings, UserSettings


class Asker:
    """Asks a completer at the `$0` of a text."""

    def __init__(self, completer: Completer) -> None:
        self.completer = completer

    def __call__(
        self,
        text: str,
        *,
        path: str = "main.py",
        snapshot: Any = None,
        cancel: Cancel | None = None,
        **settings: Any,
    ) -> Answer:
        request = self.request(text, path=path, **settings)
        return self.completer.complete(request, snapshot=snapshot, cancel=cancel or Cancel())

    @staticmethod
    def request(text: str, *, path: str = "main.py", **settings: Any) -> Request:
        before, _, after = text.partition("$0")
        wanted = Settings(**{"retrieval": "never", "min_probability": 0.0, **settings})
        return Request(path, "python", before + after, len(before), wanted, project="shop")


@pytest.fixture
def new_asker(llama: LlamaModel) -> Iterator[Callable[..., Asker]]:
    """Makes askers: the shipped model, and a remote one at the address; no key is asked for."""
    made: list[Completer] = []

    def make(url: str, **user: Any) -> Asker:
        # Far more than an answer takes on a busy machine; tests of stalls say less.
        given = {"remote_format": "qwen2.5-coder", "remote_timeout_ms": 30_000, **user}
        endpoint = endpoint_of(UserSettings(remote=url, **given))
        assert endpoint is not None
        made.append(Completer(llama, None, connect(endpoint)))
        return Asker(made[-1])

    yield make
    for completer in made:
        completer._searcher.close()
        assert completer.remote is not None
        completer.remote.close()


@pytest.fixture
def ask(new_asker: Callable[..., Asker], remote: Any) -> Asker:
    """Asks the shipped model with the scripted server as the remote one."""
    return new_asker(remote.url)
