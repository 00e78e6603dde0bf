"""A model that is new is tried in a process that it may end."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import pytest

from sidelong import paths
from sidelong.engine import Cancel, Stopped, load_models, trial
from sidelong.errors import ModelError, ModelFatal, ModelSlow, ModelUnreadable
from sidelong.settings import UserSettings

SHIPPED = paths.nano_model()


@pytest.fixture
def coder(tmp_path: Path) -> UserSettings:
    """A good model of the user's own."""
    return UserSettings(model=Path(shutil.copy(SHIPPED, tmp_path / "coder.gguf")), threads=1)


def remembered() -> list[str]:
    folder = paths.tried_dir()
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with each process that tries a model."""
    tried: list[str] = []
    ran = trial._ran

    def counting(request: str, *rest: object) -> tuple[int, str, str]:
        tried.append(request)
        return ran(request, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(trial, "_ran", counting)
    return tried


def test_a_model_that_works_is_reported_with_its_facts(coder: UserSettings) -> None:
    report = trial.run(coder)
    assert report.decides is True
    assert report.parameters > 1_000_000
    assert report.tokens["evaluated"] > 0
    assert {"load", "generate"} <= set(report.ms)
    assert report.remarks == ()


def test_a_model_is_tried_once_and_again_when_it_is_another(
    coder: UserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = counted(monkeypatch)
    for _ in range(2):
        trial.ensure(coder)
    assert len(tried) == 1
    assert coder.model is not None
    with coder.model.open("ab") as file:
        file.write(bytes(64))
    trial.ensure(coder)
    assert len(tried) == 2
    monkeypatch.setattr(trial, "llama_cpp_build", lambda: "another build")
    trial.ensure(coder)
    assert len(tried) == 3
    assert len(remembered()) == 3


def test_a_model_that_is_forgotten_is_tried_again_and_not_read_for_that(
    coder: UserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.ensure(coder)
    assert coder.model is not None
    with monkeypatch.context() as patch:
        patch.setattr("sidelong.engine.model.file.fingerprint", lambda _path: 1 / 0)
        trial.forget([coder.model])
    assert remembered() == []


def test_the_shipped_model_needs_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = counted(monkeypatch)
    for user in (UserSettings(), UserSettings(model=SHIPPED)):
        trial.ensure(user)
    assert tried == []


def test_no_process_loads_what_has_not_passed(
    coder: UserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_CHILD", "import os; os.abort()")
    loaded: list[object] = []
    monkeypatch.setattr("sidelong.engine.loading._load", lambda *asked: loaded.append(asked))
    with pytest.raises(ModelFatal, match=r"coder\.gguf ends the process that loads it"):
        load_models(coder)
    assert loaded == []
    assert remembered() == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("SIGABRT", "most likely damaged: fetch it again"),
        ("SIGILL", "built for another processor"),
        ("SIGKILL", "for want of memory"),
    ],
)
def test_the_reason_of_an_end_is_told(
    coder: UserSettings, monkeypatch: pytest.MonkeyPatch, number: str, reason: str
) -> None:
    ending = f"import os; os.kill(os.getpid(), {int(signal.Signals[number])})"
    monkeypatch.setattr(trial, "_CHILD", ending)
    with pytest.raises(ModelFatal, match=reason):
        trial.run(coder)


def test_what_the_process_says_of_the_model_is_raised_here(tmp_path: Path) -> None:
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(SHIPPED.read_bytes()[:100_000])
    with pytest.raises(ModelUnreadable, match=r"torn\.gguf cannot be loaded: .*fetch it again"):
        trial.run(UserSettings(model=torn))


def test_a_process_that_fails_otherwise_is_quoted(
    coder: UserSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_CHILD", "raise MemoryError('too much')")
    with pytest.raises(ModelError, match="cannot be tried: MemoryError: too much"):
        trial.run(coder)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are POSIX's")
class TestADiskThatDoesNotAnswer:
    """A pipe that nobody writes to stands for it: opening it takes for ever."""

    @pytest.fixture
    def stalled(self, tmp_path: Path) -> UserSettings:
        os.mkfifo(tmp_path / "stalled.gguf")
        return UserSettings(model=tmp_path / "stalled.gguf")

    def test_the_trial_ends_when_its_time_is_over(self, stalled: UserSettings) -> None:
        with pytest.raises(ModelSlow, match=r"stalled\.gguf took more than 1 s"):
            trial.run(stalled, at_most_s=1.0)

    def test_the_trial_ends_when_nobody_wants_it_any_more(self, stalled: UserSettings) -> None:
        cancel = Cancel()
        threading.Timer(0.2, cancel.set).start()
        with pytest.raises(Stopped):
            trial.run(stalled, cancel)
