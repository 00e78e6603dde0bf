"""Speed is measured with the real model, and stands for what a person waits for."""

from __future__ import annotations

import pytest

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.speed import Speed, measure


def test_measuring_reads_and_writes_with_the_model(llama: LlamaModel) -> None:
    speed = measure(llama, Cancel())
    assert speed.prefill > 0
    assert speed.decode > 0
    assert llama.evaluate(llama.tokenize("x = 1\n"), rows=1, cancel=Cancel()).evaluated > 0


def test_measuring_stops_when_it_is_told(llama: LlamaModel) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        measure(llama, cancel)


def test_a_keystroke_reads_five_tokens_and_writes_twelve() -> None:
    assert Speed(prefill=100, decode=24).keystroke_ms == pytest.approx(50 + 500)
    assert Speed(prefill=100, decode=24).prefill_ms(600) == pytest.approx(6000)
