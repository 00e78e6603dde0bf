"""Keystrokes: the published latency model, what is counted, and typing into real completers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bench.online.serving import Serving
from bench.online.strokes import (
    WAYS,
    Paths,
    Spent,
    Stroke,
    Typed,
    spent,
    texts,
)
from bench.online.summary import summarise_online
from bench.online.worker import PathThread

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.evaluation.blanks import Blank
from sidelong.evaluation.cases import Case, File
from sidelong.settings import Settings
from sidelong_index import build

if TYPE_CHECKING:
    from sidelong.engine.request import Answer, Request

SHOP = """\
class Cart:
    def __init__(self, owner):
        self.owner, self.prices = owner, []

    def add(self, price):
        self.prices.append(price)


def total(prices):
    result = sum(prices)
    return result
"""
START = SHOP.index("sum")
CASE = Case(File("shop.py", "python", SHOP), Blank(START, START + len("sum(prices)"), "line"))
SNAPSHOT = build(
    [
        ("shop.py", SHOP),
        ("till.py", "def till(prices):\n    result = sum(prices)\n    return result + 1\n"),
    ]
)
STROKE = Stroke(
    paths=Paths(
        decision=Spent(40, 99, 99),
        without=Spent(50, 100, 108),
        with_=Spent(90, 180, 188),
        retrieval_ms=10,
    ),
    at_once=Spent(77, 90, 110),
    one_cache={"never": Spent(5, 2, 10), "always": Spent(30, 82, 90), "selective": Spent(6, 2, 10)},
    retrieved=False,
)


def test_the_published_latency_is_that_of_the_path_that_is_waited_for() -> None:
    def ms(stroke: Stroke) -> list[float]:
        return [spent(stroke, "from scratch", way).ms for way in WAYS]

    slow = replace(STROKE.paths, decision=Spent(70, 99, 99))
    assert ms(STROKE) == [50, 100, 50]
    assert ms(replace(STROKE, retrieved=True)) == [50, 100, 100]
    assert ms(replace(STROKE, paths=slow)) == [50, 100, 70]


def test_selective_pays_for_every_path_that_is_started() -> None:
    assert spent(STROKE, "from scratch", "selective") == Spent(50, 379, 395)
    assert spent(STROKE, "at once", "selective") == Spent(77, 90, 110)
    assert spent(STROKE, "one cache", "selective") == Spent(6, 2, 10)


def test_without_a_decision_to_wait_for_kept_caches_are_the_same() -> None:
    for way in ("never", "always"):
        assert spent(STROKE, "at once", way) == spent(STROKE, "one cache", way)


def test_the_speed_up_is_of_the_whole_time() -> None:
    quick = replace(STROKE, one_cache={**STROKE.one_cache, "always": Spent(18, 82, 90)})
    summary = summarise_online([Typed(CASE, (STROKE, quick), {}), Typed(CASE, (STROKE,), {})])
    gain = {speedup.setting: speedup.over_always for speedup in summary.speedups}

    assert gain["one cache"].mean == pytest.approx((30 + 18 + 30) / 18 - 1)
    assert gain["one cache"].low <= gain["one cache"].mean <= gain["one cache"].high
    assert gain["from scratch"].mean == pytest.approx(1.0)
    assert (summary.blanks, summary.keys, summary.retrieved) == (2, 3, 0.0)


def test_keys_that_were_overtaken_have_no_answer() -> None:
    answers = dict.fromkeys(WAYS, (10.0, None, 30.0, None))
    [row, *_] = summarise_online([Typed(CASE, (STROKE,), answers)]).replay
    assert (row.answered, row.ms_median) == (0.5, 20.0)


def test_typing_puts_one_character_after_the_other_before_the_cursor() -> None:
    typed = list(texts(CASE, 3))
    assert [text[:offset].rpartition("= ")[2] for text, offset in typed] == ["", "s", "su", "sum"]
    assert {text[offset:] for text, offset in typed} == {"\n    return result\n"}
    assert len(list(texts(CASE, 99))) == len("sum(prices)") + 1


@pytest.fixture
def serving(default_model: Path) -> Iterator[Serving]:
    completers = [Completer(LlamaModel(default_model, threads=1)) for _ in range(3)]
    one, other, decider = completers
    found = Serving(one, other, decider, SNAPSHOT)
    yield found
    found.close()
    for completer in completers:
        completer.close()


SETTINGS = Settings(min_probability=0.0, max_tokens=8)


def test_a_keystroke_costs_one_cache_what_is_new(serving: Serving) -> None:
    [typed] = serving.typed([CASE], SETTINGS, keys=4, interval_s=0)

    assert len(typed.strokes) == 4
    assert typed.replayed == {}
    for stroke in typed.strokes:
        never, scratch = stroke.one_cache["never"], stroke.paths.without
        assert never.read <= 1 + 3
        assert scratch.read > 20
        assert scratch.tokens - scratch.read >= never.tokens - never.read
        assert stroke.paths.decision.tokens == scratch.read


def test_the_decision_is_the_threshold_s(serving: Serving) -> None:
    for threshold, wanted in ((0.0, True), (1.0, False)):
        settings = replace(SETTINGS, threshold=threshold)
        [typed] = serving.typed([CASE], settings, keys=2, interval_s=0)
        assert [stroke.retrieved for stroke in typed.strokes] == [wanted, wanted]


def test_chunks_in_the_prompt_are_read_once_for_a_line(serving: Serving) -> None:
    settings = replace(SETTINGS, threshold=1.0, context_tokens=200)
    [typed] = serving.typed([CASE], settings, keys=3, interval_s=0)

    for stroke in typed.strokes:
        always, selective = stroke.one_cache["always"], stroke.one_cache["selective"]
        assert always.read <= 4
        assert selective.read == stroke.one_cache["never"].read
        assert stroke.at_once.read >= always.read + selective.read


def test_at_a_calm_pace_every_key_is_answered(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr("bench.online.serving.time.sleep", paused.append)
    [typed] = serving.typed([CASE], SETTINGS, keys=2, interval_s=3600)

    assert len(paused) == 2 * len(WAYS)
    assert set(typed.replayed) == set(WAYS)
    for found in typed.replayed.values():
        assert len(found) == 2
        assert None not in found


def test_the_next_key_stops_the_request_before_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pace that nothing can keep up with: only the last key is answered."""
    cancels: list[Cancel] = []
    complete = Completer.complete

    def watched(self: Completer, request: Request, **options: Any) -> Answer:
        cancels.append(options["cancel"])
        return complete(self, request, **options)

    monkeypatch.setattr(Completer, "complete", watched)
    [typed] = serving.typed([CASE], SETTINGS, keys=4, interval_s=1e-6)

    for found in typed.replayed.values():
        assert found[:-1] == (None, None, None)
        assert found[-1] is not None
    replays = [cancel.is_set() for cancel in cancels[-5 * len(WAYS) :]]
    assert replays == [True, True, True, True, False] * len(WAYS)


def test_an_interruption_stops_the_decoder(llama: LlamaModel) -> None:
    completer = Completer(llama)
    worker = PathThread(completer)
    entered: list[Cancel] = []

    def endless(completer: Completer, cancel: Cancel) -> Answer:
        entered.append(cancel)
        while True:
            cancel.check()

    job = worker.submit(endless)
    worker.stop()
    assert job.wait().future.exception() is not None
    worker.close()
    completer.model = llama
