"""The times that `sidelong model list` foresees, and the model that it recommends by them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gguf import GGUFReader

from sidelong.cli.models.feel import COLD_TOKENS, FIXED, Feel, Measured, feel, recommended
from sidelong.engine import Speed
from sidelong.models.known import KNOWN, Known, memory_for
from sidelong.paths import default_model
from sidelong.shipped import MOST_KEYSTROKE_MS, PARAMETERS

GB = 1_000_000_000
MEASURED = Speed(prefill=1000, decode=100)
DEFAULT = Measured(PARAMETERS, 100, MEASURED)


def known(name: str, parameters: int = PARAMETERS, size_bytes: int = 100) -> Known:
    return Known("maker/" + name, "m.gguf", size_bytes, "apache-2.0", "Qwen2.5-Coder", parameters)


def test_reading_grows_with_the_weights_and_writing_with_their_bytes() -> None:
    same = feel(known("same"), DEFAULT)
    assert same.keystroke_ms == pytest.approx(MEASURED.keystroke_ms)
    assert same.cold_ms == pytest.approx(COLD_TOKENS + same.keystroke_ms)
    large = feel(known("large", 4 * PARAMETERS, 300), DEFAULT)
    read, written = FIXED + (1 - FIXED) * 4, FIXED + (1 - FIXED) * 3
    assert large.keystroke_ms == pytest.approx(read * 5 + written * 120)
    assert large.cold_ms == pytest.approx(read * COLD_TOKENS + large.keystroke_ms)
    small = feel(known("small", PARAMETERS // 2, 25), DEFAULT)
    assert small.keystroke_ms == pytest.approx(2.5 + 30)


def test_the_nearest_measured_model_counts_and_a_model_itself_before_all() -> None:
    fast = Speed(prefill=900, decode=90)
    others = [Measured(8 * PARAMETERS, 800, fast), Measured(PARAMETERS // 2, 50, Speed(1, 1))]
    assert feel(known("itself", 8 * PARAMETERS, 800), DEFAULT, others).keystroke_ms == (
        pytest.approx(fast.keystroke_ms)
    )
    near = feel(known("near", 8 * PARAMETERS, 1000), DEFAULT, others)
    assert fast.keystroke_ms < near.keystroke_ms < 1.3 * fast.keystroke_ms
    assert feel(known("small"), DEFAULT, others) == feel(known("small"), DEFAULT)


@pytest.mark.parametrize(
    ("parameters", "size_bytes", "read", "written"),
    [
        (4_000_000, 4_260_000, 0.031, 0.043),
        (494_000_000, 491_400_064, 3.23, 3.75),
        (494_000_000, 531_068_128, 2.74, 3.94),
        (1_540_000_000, 1_117_320_768, 7.21, 7.72),
    ],
    ids=["nano", "0.5B-Q4_K_M", "0.5B-Q8_0", "1.5B-Q4_K_M"],
)
def test_the_estimates_are_near_what_was_measured(
    parameters: int, size_bytes: int, read: float, written: float
) -> None:
    """Times in those of the default model (4.3 ms to read a token, 10.8 to write one)."""
    speed = Speed(prefill=1000 / 4.3, decode=1000 / 10.8)
    default = Measured(PARAMETERS, default_model().stat().st_size, speed)
    real = Speed(prefill=speed.prefill / read, decode=speed.decode / written)
    found = feel(known("real", parameters, size_bytes), default)
    assert found.keystroke_ms == pytest.approx(real.keystroke_ms, rel=0.15)
    assert found.cold_ms == pytest.approx(real.prefill_ms(COLD_TOKENS), rel=0.25)


def test_the_largest_that_is_quick_and_fits_is_recommended() -> None:
    models = [known("small", 1, 1), known("middle", 3, 2), known("large", 2, 3)]
    models += [known("slow", 9, 4), known("huge", 8, 10 * GB)]
    quick, slow = Feel(MOST_KEYSTROKE_MS, 0), Feel(MOST_KEYSTROKE_MS + 1, 0)
    feels = {model.source: quick for model in models} | {models[3].source: slow}
    assert recommended(models, feels, 4 * GB) == models[1]
    assert recommended(models, feels, 20 * GB) == models[4]
    assert recommended(models, feels, 1) is None
    models[1] = replace(models[1], is_no_better=True)
    assert recommended(models, feels, 4 * GB) == models[2]


def test_a_file_that_takes_long_to_read_is_not_quick() -> None:
    assert not Feel(1, 60_000).is_quick


def test_the_memory_grows_with_the_file_and_with_the_keys_and_values_of_a_token() -> None:
    assert memory_for(2 * GB) - memory_for(GB) == 1.1 * GB
    model = KNOWN[0]
    assert replace(model, kv_bytes=2 * model.kv_bytes).memory_bytes > model.memory_bytes


def test_the_default_model_has_the_weights_that_times_are_scaled_by() -> None:
    tensors = GGUFReader(default_model()).tensors
    assert sum(int(tensor.n_elements) for tensor in tensors) == PARAMETERS
