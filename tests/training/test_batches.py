"""The contents of a batch, and the weights in its loss."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from training import batches, packed
from training.batches import PRETRAIN, Weights
from training.packed import Example, Packed

ABSTAIN = Example([3, 50, 1, 51, 5, 2, 60, 61, 0], eof=4, middle=5)
RETRIEVE = Example([3, 50, 1, 51, 5, 6, 4, 70, 2, 60, 0], eof=4, middle=8)


def data(*examples: Example) -> Packed:
    return packed.pack(examples)


def weights_of(example: Example, weights: Weights) -> list[float]:
    made = batches.batch(data(example), np.array([0]), weights, batch_tokens=256)
    return [round(w, 4) for w in made.weights[0][: len(example.tokens) - 1].tolist()]


def test_pre_training_reads_all_text_the_target_twice_and_never_the_decision() -> None:
    one = pytest.approx(1 / 10, abs=1e-3)
    two = pytest.approx(2 / 10, abs=1e-3)
    assert weights_of(ABSTAIN, PRETRAIN) == [one, one, one, one, 0.0, two, two, two]


def test_the_second_stage_learns_the_target_and_the_decision_only() -> None:
    third = pytest.approx(1 / 3, abs=1e-3)
    assert weights_of(ABSTAIN, Weights(0, 1, 0.5)) == [0, 0, 0, 0, 0.5, third, third, third]


def test_the_token_after_eof_is_the_decision() -> None:
    made = batches.batch(data(RETRIEVE), np.array([0]), PRETRAIN, batch_tokens=256)
    assert made.next_ids[0, RETRIEVE.eof] == 6
    assert packed.retrieving(data(ABSTAIN, RETRIEVE)).tolist() == [False, True]


def test_lacking_rows_count_nothing() -> None:
    made = batches.batch(data(ABSTAIN), np.array([0]), PRETRAIN, batch_tokens=1024)
    assert made.ids.shape == (16, 64)
    assert made.weights[1:].sum() == 0
    assert made.weights.sum() == pytest.approx(1.0)


def test_the_parts_of_a_batch_add_up_to_the_whole() -> None:
    made = batches.batch(data(ABSTAIN, RETRIEVE), np.array([0, 1]), PRETRAIN, batch_tokens=192)
    parts = [made.part(rank, 2) for rank in range(2)]
    assert sum(float(part.weights.sum()) for part in parts) == pytest.approx(1.0)
    assert sorted(len(part.ids) for part in parts) == [1, 2]
    assert made.part(0, 1) is made


def test_every_example_comes_once_an_epoch_and_the_order_is_the_seeds() -> None:
    many = data(*[ABSTAIN, RETRIEVE] * 20)
    plan = batches.plan(many, seed=3, epoch=1, batch_tokens=2048)
    assert sorted(np.concatenate(plan).tolist()) == list(range(40))
    again = batches.plan(many, seed=3, epoch=1, batch_tokens=2048)
    assert [b.tolist() for b in plan] == [b.tolist() for b in again]


def test_a_resumed_run_sees_the_batches_that_follow() -> None:
    many = data(*[ABSTAIN, RETRIEVE] * 20)
    whole = batches.endless(many, seed=1, batch_tokens=2048, skip=0)
    first = [next(whole).tolist() for _ in range(12)]
    resumed = batches.endless(many, seed=1, batch_tokens=2048, skip=7)
    assert [next(resumed).tolist() for _ in range(5)] == first[7:]


def test_packed_examples_survive_the_disk(tmp_path: object) -> None:
    joined = packed.join([data(ABSTAIN), data(RETRIEVE, ABSTAIN)])
    assert [joined.example(i) for i in range(3)] == [ABSTAIN, RETRIEVE, ABSTAIN]


def test_finer_lengths_leave_less_of_a_batch_empty() -> None:
    rng = np.random.default_rng(1)
    many = data(
        *(
            Example([3, 50, 1, 51, 5, 2, *[60] * int(n)], eof=4, middle=5)
            for n in rng.integers(40, 700, 400)
        )
    )

    def full(lengths: batches.Lengths) -> float:
        plan = batches.plan(many, seed=1, epoch=0, batch_tokens=4096, lengths=lengths)
        assert sorted(np.concatenate(plan)) == list(range(len(many)))
        made = [
            batches.batch(many, chosen, PRETRAIN, batch_tokens=4096, lengths=lengths)
            for chosen in plan
            if len(chosen) > 5
        ]
        read = [(batch.weights > 0).sum() for batch in made]
        return float(np.mean([n / batch.ids.numel() for n, batch in zip(read, made, strict=True)]))

    assert full(batches.FINE) > full((256, 352, 448, 608, 768)) + 0.05
