"""Recurrent models: their state cannot be cut back, so checkpoints are gone back to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sidelong.cli import main
from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.model.saved import CHECKPOINT_TOKENS, Checkpoints, Saved
from sidelong.engine.request import Request
from sidelong.settings import Settings

CODE = "def area(width, height):\n    return width * height\n\n\n"


@pytest.fixture
def model(recurrent_file: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(recurrent_file, threads=1)
    yield model
    model.close()


def test_a_keystroke_evaluates_what_was_typed_and_little_more(model: LlamaModel) -> None:
    completer = Completer(model)
    above, typed, below = CODE * 12, "    return width * height + print(width)", "\n" + CODE * 4
    settings = Settings(min_probability=0.0)
    costs = []
    for n in range(8, len(typed)):
        before = above + typed[:n]
        request = Request("a.py", "python", before + below, len(before), settings)
        answer = completer.complete(request, snapshot=None, cancel=Cancel())
        costs.append(answer.tokens.evaluated)
    assert costs[0] > 400
    assert max(costs[1:]) <= CHECKPOINT_TOKENS + 4


def test_going_back_changes_no_logits(model: LlamaModel) -> None:
    tokens = model.tokenize(CODE * 12)
    fresh = model.evaluate(tokens, rows=2, cancel=Cancel())
    model.evaluate([*tokens, *reversed(tokens[:40])], rows=1, cancel=Cancel())
    again = model.evaluate(tokens, rows=2, cancel=Cancel())
    model.forget()
    assert model.evaluate(tokens, rows=2, cancel=Cancel()).evaluated == len(tokens)
    assert again.evaluated <= CHECKPOINT_TOKENS
    np.testing.assert_allclose(again.logits, fresh.logits, atol=1e-4)


def test_what_was_stopped_is_read_again(model: LlamaModel) -> None:
    class Late(Cancel):
        """A flag that is seen inside the decoder alone."""

        def check(self) -> None:
            pass

    tokens = model.tokenize(CODE * 12)
    fresh = model.evaluate(tokens, rows=1, cancel=Cancel())
    longer = [*tokens, *model.tokenize(CODE)]
    late = Late()
    late.set()
    with pytest.raises(Stopped):
        model.evaluate(longer, rows=1, cancel=late)
    again = model.evaluate(tokens, rows=1, cancel=Cancel())
    np.testing.assert_allclose(again.logits, fresh.logits, atol=1e-4)


def test_the_longest_checkpoint_that_the_prompt_begins_with_is_taken() -> None:
    kept = Checkpoints()
    for n in (2, 4, 3):
        kept.keep(Saved(list(range(n)), np.zeros(1, dtype=np.uint8)))
    found = kept.before([0, 1, 2, 9, 9])
    assert found is not None
    assert found.tokens == [0, 1, 2]
    assert kept.before([9]) is None


def test_old_checkpoints_go_and_two_stay_whatever_their_size() -> None:
    kept = Checkpoints(most_bytes=10)
    for n in range(1, 5):
        kept.keep(Saved([n], np.zeros(100, dtype=np.uint8)))
    assert [kept.before([n]) is not None for n in range(1, 5)] == [False, False, True, True]


def test_doctor_says_that_it_is_recurrent(
    capfd: pytest.CaptureFixture[str], recurrent_file: Path
) -> None:
    main(["doctor", "--json", "--model", str(recurrent_file)])
    checks = json.loads(capfd.readouterr().out)["checks"]
    (found,) = (check for check in checks if check["name"] == "model")
    assert "recurrent" in found["fact"]
    assert found["details"]["rewinds"] is False
