"""Trials without a model: what was completed, how sure the gate was, what it cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from sidelong.engine.gate import Decision
from sidelong.engine.request import Answer, Tokens
from sidelong.evaluation.blanks import Blank, Kind
from sidelong.evaluation.cases import Case, File
from sidelong.evaluation.run import MODES, Completion, Mode, Trial, scored
from sidelong_index import Hit

NewTrial: TypeAlias = Callable[..., Trial]


@pytest.fixture
def trial() -> NewTrial:
    """A blank of `text` where the model says `without` or, having looked, `with_`."""

    def new(
        without: str = "",
        with_: str = "",
        *,
        p: float | None = 0.5,
        threshold: float = 0.4,
        score: float = 0.3,
        kind: Kind = "line",
        text: str = "x = [right]\n",
        target: str = "right",
        ms: tuple[float, float] = (10.0, 30.0),
        path: str = "shop/cart.py",
    ) -> Trial:
        start = text.index(target)
        file = File(path, "python", text)
        case = Case(file, Blank(start, start + len(target), kind))
        hit = Hit("shop/till.py", 3, 4, score, "def <till>():\n    return right\n", "class Shop:\n")

        def complete(mode: Mode) -> Completion:
            wanted = mode == "always" or (mode == "threshold" and p is not None and p >= threshold)
            answer = Answer(
                with_ if wanted else without,
                Decision(p, threshold, mode, wanted),
                chunks=(hit,) if wanted else (),
                tokens=Tokens(100, 150 if wanted else 100, 5),
                ms={"look": ms[0], "prefill": ms[1] - ms[0] if wanted else 0.0},
            )
            return scored(case, mode, answer)

        return Trial(case, {mode: complete(mode) for mode in MODES})

    return new
