"""A model for one command, and Ctrl-C while it loads."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from sidelong.cli import completing
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.paths import nano_model
from sidelong.settings import UserSettings


def test_ctrl_c_while_a_model_loads_stops_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    loading, ended = threading.Event(), threading.Event()

    def load(user: UserSettings, cancel: Cancel, **_: object) -> NoReturn:
        loading.set()
        while not cancel.is_set():
            pass
        ended.set()
        raise Stopped

    def interrupted(*_: object, **__: object) -> NoReturn:
        assert loading.wait(30)
        raise KeyboardInterrupt

    monkeypatch.setattr(completing, "load_completer", load)
    monkeypatch.setattr("sidelong.waiting.wait", interrupted)
    with pytest.raises(KeyboardInterrupt), completing.loaded(UserSettings(shipped=nano_model())):
        pass
    assert ended.is_set()
