"""The shipped model that suits the machine: by its speed, measured once."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from sidelong import paths, shipped
from sidelong.engine import Speed
from sidelong.settings import UserSettings

FAST = Speed(prefill=400, decode=60)
SLOW = Speed(prefill=40, decode=10)


def chosen(unmeasured: Path | None = None) -> str:
    user = shipped.choose(UserSettings(), unmeasured=unmeasured or paths.default_model())
    assert user.shipped is not None
    return user.shipped.stem


def test_a_fast_machine_gets_the_better_model() -> None:
    shipped.keep_speed(FAST)
    assert chosen() == "default"
    shipped.keep_speed(SLOW)
    assert chosen() == "nano"


def test_typing_and_a_cold_prompt_both_have_to_be_fast() -> None:
    assert shipped.suits(FAST)
    assert not shipped.suits(replace(FAST, decode=10))
    assert not shipped.suits(replace(FAST, prefill=50))


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"for": 1}'])
def test_a_record_that_says_nothing_counts_as_no_measurement(kept: str) -> None:
    paths.speed_file().write_text(kept, encoding="utf-8")
    assert shipped.kept_speed() is None
    assert chosen(paths.nano_model()) == "nano"


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_damaged_speed_counts_as_no_measurement(speed: float) -> None:
    shipped.keep_speed(Speed(prefill=speed, decode=60))
    assert shipped.kept_speed() is None
    assert chosen(paths.nano_model()) == "nano"


def test_what_this_process_measured_counts_though_it_could_not_be_kept() -> None:
    shipped.keep_speed(SLOW)
    user = shipped.choose(UserSettings(), unmeasured=paths.nano_model(), measured=FAST)
    assert user.shipped == paths.default_model()


def test_a_measurement_of_another_model_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped.keep_speed(FAST)
    monkeypatch.setattr(paths, "default_model", paths.nano_model)
    assert shipped.kept_speed() is None


def test_measuring_keeps_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "default_model", paths.nano_model)
    speed = shipped.measure(UserSettings(threads=1))
    kept = shipped.kept_speed(UserSettings(threads=1))
    assert kept is not None
    assert kept.prefill == pytest.approx(speed.prefill, abs=0.01)


def test_too_slow_is_doubted_the_next_day_and_fast_enough_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user, now = UserSettings(), time.time()
    assert not shipped.is_due(user)
    assert shipped.is_due(UserSettings(threads=3)), "measured on other threads"
    monkeypatch.setattr(time, "time", lambda: now + 2 * shipped.DOUBTED_AFTER_S)
    assert shipped.is_due(user)
    assert chosen() == "nano", "until then it counts"


def test_fast_enough_is_never_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped.keep_speed(FAST)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 999 * shipped.DOUBTED_AFTER_S)
    assert not shipped.is_due(UserSettings())


def test_a_package_without_the_larger_model_completes_with_the_small_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "default_model", lambda: tmp_path / "gone.gguf")
    shipped.keep_speed(FAST)
    assert chosen() == "nano"


def test_a_full_disk_costs_another_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    paths.speed_file().unlink()
    monkeypatch.setattr(paths, "speed_file", lambda: Path("/dev/null/speed.json"))
    shipped.keep_speed(FAST)
    assert shipped.kept_speed() is None
