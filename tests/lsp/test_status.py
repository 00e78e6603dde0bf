"""The status bar: the most important status, sent when it changes."""

from __future__ import annotations

from sidelong.lsp.status import Shown, Status


def test_what_matters_most_is_shown() -> None:
    told: list[Shown] = []
    status = Status(told.append)
    status.model("loading", "Loading m.gguf")
    status.indexing("file:///a", "Indexing a")
    status.model("ready", "Completing with m.gguf")
    with status.working():
        pass
    status.indexing("file:///a", None)
    status.model("error", "m.gguf: no such file")
    assert [shown.state for shown in told] == [
        "loading",
        "indexing",
        "working",
        "indexing",
        "ready",
        "error",
    ]
    assert told[1].to_params() == {
        "state": "indexing",
        "message": "Indexing a",
        "folder": "file:///a",
    }


def test_the_same_is_told_once() -> None:
    told: list[Shown] = []
    status = Status(told.append)
    for _ in range(3):
        status.model("ready", "Completing")
    assert len(told) == 1


def test_a_model_that_failed_stays_shown_while_others_work() -> None:
    told: list[Shown] = []
    status = Status(told.append)
    status.model("error", "broken")
    status.indexing("file:///a", "Indexing a")
    with status.working():
        pass
    assert [shown.state for shown in told] == ["error"]
