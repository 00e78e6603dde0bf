"""The times that `sidelong model list` foresees, and the model that it recommends by them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gguf import GGUFReader

from sidelong.cli.models.feel import COLD_TOKENS, Feel, feel, recommended
from sidelong.engine import Speed
from sidelong.models.known import KNOWN, Known, memory_for
from sidelong.paths import default_model
from sidelong.shipped import MOST_KEYSTROKE_MS, PARAMETERS

GB = 1_000_000_000
MEASURED = Speed(prefill=1000, decode=100)


def known(name: str, parameters: int = PARAMETERS, size_bytes: int = 100) -> Known:
    return Known("maker/" + name, "m.gguf", size_bytes, "apache-2.0", "Qwen2.5-Coder", parameters)


def test_reading_is_scaled_by_the_weights_and_writing_by_their_bytes() -> None:
    same = feel(known("same"), MEASURED, default_bytes=100)
    assert same.keystroke_ms == pytest.approx(MEASURED.keystroke_ms)
    assert same.cold_ms == pytest.approx(COLD_TOKENS + same.keystroke_ms)
    large = feel(known("large", 4 * PARAMETERS, 300), MEASURED, default_bytes=100)
    assert large.keystroke_ms == pytest.approx(4 * 5 + 3 * 120)
    assert large.cold_ms == pytest.approx(4 * COLD_TOKENS + large.keystroke_ms)


def test_the_largest_that_is_quick_and_fits_is_recommended() -> None:
    models = [known("small", 1, 1), known("middle", 3, 2), known("large", 2, 3)]
    models += [known("slow", 9, 4), known("huge", 8, 10 * GB)]
    quick, slow = Feel(MOST_KEYSTROKE_MS, 0), Feel(MOST_KEYSTROKE_MS + 1, 0)
    feels = {model.source: quick for model in models} | {models[3].source: slow}
    assert recommended(models, feels, 4 * GB) == models[1]
    assert recommended(models, feels, 20 * GB) == models[4]
    assert recommended(models, feels, 1) is None


def test_a_file_that_takes_long_to_read_is_not_quick() -> None:
    assert not Feel(1, 60_000).is_quick


def test_the_memory_grows_with_the_file_and_with_the_keys_and_values_of_a_token() -> None:
    assert memory_for(2 * GB) - memory_for(GB) == 1.1 * GB
    model = KNOWN[0]
    assert replace(model, kv_bytes=2 * model.kv_bytes).memory_bytes > model.memory_bytes


def test_the_default_model_has_the_weights_that_times_are_scaled_by() -> None:
    tensors = GGUFReader(default_model()).tensors
    assert sum(int(tensor.n_elements) for tensor in tensors) == PARAMETERS
