"""Kept speeds hold for the file, the threads and the build, and are measured once for all."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sidelong import paths
from sidelong.engine import speeds
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.speed import Speed
from sidelong.settings import UserSettings

SPEED = Speed(prefill=300, decode=30)
USER = UserSettings(threads=1)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF")
    return path


def speed(path: Path, user: UserSettings = USER) -> Speed | None:
    kept = speeds.kept(path, user)
    return None if kept is None else kept.speed


def test_a_speed_holds_for_its_threads_layers_file_and_build(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds.keep(model, USER, SPEED)
    assert speed(model) == SPEED
    assert speed(model, UserSettings(threads=2)) is None
    assert speed(model, UserSettings(threads=1, gpu_layers=0)) is None
    monkeypatch.setattr(speeds, "llama_cpp_build", lambda: "another")
    assert speed(model) is None
    monkeypatch.undo()
    model.write_bytes(b"GGUF!")
    assert speed(model) is None


def test_the_speeds_of_several_models_are_kept_and_the_oldest_goes_first(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeds, "MOST", 2)
    for threads in (1, 2, 3):
        speeds.keep(model, UserSettings(threads=threads), SPEED)
    known = [speed(model, UserSettings(threads=threads)) for threads in (1, 2, 3)]
    assert known == [None, SPEED, SPEED]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"format": 2}', '{"format": 2, "speeds": []}', '{"format": 1}']
)
def test_a_file_that_says_nothing_is_no_measurement_and_is_written_again(
    model: Path, content: str
) -> None:
    paths.speed_file().write_text(content, encoding="utf-8")
    assert speed(model) is None
    speeds.keep(model, USER, SPEED)
    assert speed(model) == SPEED


def test_windows_that_start_together_measure_once(
    llama: LlamaModel, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Speed] = []

    def measure(_model: object, _cancel: Cancel) -> Speed:
        time.sleep(0.2)
        measured.append(SPEED)
        return SPEED

    monkeypatch.setattr(speeds, "measure", measure)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(speeds.measured, llama, model, USER, Cancel()) for _ in range(4)]
        assert [each.result() for each in asked] == [SPEED] * 4
    assert len(measured) == 1
    speeds.measured(llama, model, USER, Cancel(), fresh_s=0)
    assert len(measured) == 2, "asked for by hand it is measured again"


def test_waiting_for_another_ends_when_it_is_told(llama: LlamaModel, model: Path) -> None:
    cancel = Cancel()
    cancel.set()
    with speeds.alone(Cancel()), pytest.raises(Stopped):
        speeds.measured(llama, model, USER, cancel)


def test_one_that_never_ends_holds_up_nobody_for_ever(
    llama: LlamaModel, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speeds, "LOCKED_S", 0.1)
    with speeds.alone(Cancel()):
        assert speeds.measured(llama, model, USER, Cancel()).prefill > 0


def test_where_nothing_can_be_written_it_is_measured_all_the_same(
    llama: LlamaModel, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "speed_file", lambda: Path("/dev/null/speed.json"))
    assert speeds.measured(llama, model, USER, Cancel()).prefill > 0


def test_a_server_that_has_read_faster_corrects_what_a_busy_machine_said(model: Path) -> None:
    speeds.learn(model, USER, 900)
    assert speed(model) is None, "nothing is known of its decoding"
    speeds.keep(model, USER, SPEED)
    speeds.learn(model, USER, 310)
    speeds.learn(model, USER, 100)
    assert speed(model) == SPEED
    speeds.learn(model, USER, 900)
    assert speed(model) == Speed(prefill=900, decode=30)


def test_the_file_names_the_models_for_people(model: Path) -> None:
    speeds.keep(model, USER, SPEED)
    content = json.loads(paths.speed_file().read_text(encoding="utf-8"))
    assert "a.gguf" in [record["model"] for record in content["speeds"].values()]
