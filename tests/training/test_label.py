"""Blanks as the shipped model completes them, and the file of outcomes."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tokenizers")

from training import label
from training.corpus import SourceFile
from training.outcomes import CorpusBlank, Outcome, read

from sidelong.engine.completer import Completer
from sidelong.engine.mixture import DEFAULT
from sidelong.engine.model.llama import LlamaModel
from sidelong.paths import default_model
from sidelong_index import build

HABIT = "".join(f"    zork = quuxify_the_blorb(item, zork, {i})\n" for i in range(9))
START = "def handle(item, zork):\n    zork = "
OWN = SourceFile("p", "own.py", START + "x\n    return zork\n")
OTHER = SourceFile("p", "other.py", "def start(item, zork):\n" + HABIT)


@pytest.fixture(scope="module")
def outcome(llama: LlamaModel) -> Outcome:
    snapshot = build([(file.path, file.text) for file in (OWN, OTHER)])
    blank = CorpusBlank("p", OWN.path, len(START), len(START) + 1, "rest")
    return label.complete(Completer(llama), snapshot, OWN, blank)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    files = [
        SourceFile(package, f"{name}.py", OTHER.text * 20) for package in "pqr" for name in "ab"
    ]
    path.write_text("".join(json.dumps(asdict(file)) + "\n" for file in files), encoding="utf-8")
    return path


def test_only_the_workspace_cache_writes_the_habit_of_another_file(outcome: Outcome) -> None:
    assert outcome.alone_without is not None
    assert outcome.alone_with is not None
    assert outcome.with_context.text.startswith("quuxify_the_blorb(item")
    assert "quuxify" not in outcome.without.text
    assert "quuxify_the_blorb(item" not in outcome.alone_with.text
    assert "quuxify" not in outcome.alone_without.text


def test_the_state_is_the_deciding_models_own(outcome: Outcome, llama: LlamaModel) -> None:
    state = np.frombuffer(base64.b64decode(outcome.state), dtype="<f2")
    assert state.shape == (llama._n_embd,)
    assert np.isfinite(state).all()
    assert 0 < outcome.probability < 1


def test_a_budget_of_the_callers_takes_the_place_of_the_models(
    outcome: Outcome, llama: LlamaModel
) -> None:
    snapshot = build([(OWN.path, OWN.text)])
    within = label.complete(Completer(llama), snapshot, OWN, outcome.case, budget=(1, 1, 0))
    assert within.entropy != outcome.entropy, "the model alone saw less"


def test_a_model_whose_file_wants_no_cache_may_be_given_ours() -> None:
    for ours in (True, False):
        engine = label.Engine(default_model(), cache=True, our_cache=ours)
        completer = label._completer(engine)
        assert completer.model.mixture == (DEFAULT if ours else None)
    label._completer.cache_clear()


def test_an_outcome_is_read_as_it_was_written(outcome: Outcome, tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text(json.dumps(asdict(outcome)) + "\n", encoding="utf-8")
    assert read(path) == [outcome]


def test_a_line_from_before_a_field_was_added_is_read(outcome: Outcome, tmp_path: Path) -> None:
    record = asdict(outcome)
    for name in ("alone_without", "alone_with", "state"):
        del record[name]
    path = tmp_path / "outcomes.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")

    (old,) = read(path)
    assert (old.without, old.alone_without, old.alone_with) == (outcome.without, None, None)
    assert old.state == ""


def test_only_the_kinds_that_are_named_are_drawn(corpus: Path) -> None:
    groups = label.jobs(corpus, 60, seed=1, done=set(), kinds=["line", "rest"])
    assert {blank.kind for group in groups for blank in group} == {"line", "rest"}


def test_a_run_that_is_cut_short_covers_all_packages(corpus: Path) -> None:
    groups = label.jobs(corpus, 120, seed=1, done=set())
    in_order = [group[0].package for group in groups]
    shuffled = [group[0].package for group in label.shuffled(groups, seed=1)]

    assert in_order == sorted(in_order)
    assert Counter(shuffled) == Counter(in_order)
    assert set(shuffled[: len(shuffled) // 2]) == {"p", "q", "r"}
