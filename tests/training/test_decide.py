"""The decision refitted on labels, judged on other packages, and written into the file."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import gguf
import numpy as np
import pytest

pytest.importorskip("torch")

from training import corrected, decide, forecast, modelfile, outcomes
from training.decide import (
    FORMULA,
    KINDS,
    LOOK,
    TOKEN,
    TOKENS,
    against_others,
    decided,
    labels,
    rows_of,
    with_look,
)
from training.forecast import Decision, Floats, Labels, by_formula, fit, fit_row, folds, sigmoid
from training.modelfile import EMBEDDING, ModelFile
from training.outcomes import Completed, CorpusBlank, Outcome

from sidelong.engine.gate import Formula
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.paths import default_model, nano_model

WIDTH, TOKENS_N, CC = 32, 50, 6


@pytest.fixture(scope="module")
def model() -> ModelFile:
    rng = np.random.default_rng(0)
    names = [f"t{i}" if i != CC else "<cc>" for i in range(TOKENS_N)]
    embedding = modelfile.pack(rng.normal(0, 0.2, (TOKENS_N, WIDTH)), "q8_0")
    fields = {TOKENS: modelfile.texts(names), KINDS: modelfile.integers([1] * TOKENS_N)}
    return ModelFile("llama", fields, {EMBEDDING: embedding})


def outcome(
    model: ModelFile, state: Floats, helped: bool, best: float, package: str, match: int
) -> Outcome:
    """A label as the engine writes it."""
    others, mine = against_others(model, state[None].astype("<f2").astype(np.float64))
    right, wrong = Completed("x", True, 1.0), Completed("y", False, 0.2)
    return Outcome(
        CorpusBlank(package, "a.py", 0, 1, "line"),
        "x",
        wrong if helped else right,
        right,
        probability=float(sigmoid(mine - others)[0]),
        greedy=False,
        scores=[best, best / 2],
        match=match,
        state=base64.b64encode(state.astype("<f2").tobytes()).decode(),
    )


def made(
    model: ModelFile, *, by_state: float, by_score: float, by_match: float = 0.0, n: int = 500
) -> list[Outcome]:
    """Labels whose truth depends on a direction of the state and on what the search found."""
    rng = np.random.default_rng(1)
    states = rng.normal(0, 1, (n, WIDTH)) + 1
    best = rng.random(n)
    match = np.random.default_rng(2).integers(0, 81, n)
    truth = by_state * (states[:, 3] - 1) + by_score * (best - 0.5) - 0.5
    truth += by_match * (np.log1p(match) - np.log1p(match).mean())
    helped = rng.random(n) < sigmoid(truth)
    return [
        outcome(model, states[i], bool(helped[i]), float(best[i]), f"p{i % 25}", int(match[i]))
        for i in range(n)
    ]


def start(model: ModelFile) -> Floats:
    row: Floats = model.tensors[EMBEDDING].floats()[CC].astype(np.float64)
    return row


def aucs(decision: Decision) -> dict[str, float]:
    found = decision.report["auc"]
    assert isinstance(found, dict)
    return found


def test_what_the_state_knows_goes_into_the_row(model: ModelFile) -> None:
    given = labels(model, made(model, by_state=2.0, by_score=0.0), margin=0.0)
    decision = fit(given, start(model))
    assert aucs(decision)["row before"] < 0.65
    assert aucs(decision)["P(<cc>)"] > 0.78
    assert abs(aucs(decision)["similarity"] - 0.5) < 0.07


def test_what_the_similarity_knows_goes_into_the_formula(model: ModelFile) -> None:
    given = labels(model, made(model, by_state=1.0, by_score=6.0), margin=0.0)
    decision = fit(given, start(model))
    assert decision.report["taken"] == "and similarity"
    assert decision.formula is not None
    bias, slope, score, match = decision.formula
    assert score > 3
    assert slope > 0
    assert bias < 0
    assert match == 0
    assert aucs(decision)["and similarity"] > aucs(decision)["P(<cc>)"] + 0.1


def test_a_chunk_that_holds_what_was_just_written_goes_into_the_formula(model: ModelFile) -> None:
    given = labels(model, made(model, by_state=1.0, by_score=4.0, by_match=2.0), margin=0.0)
    decision = fit(given, start(model))
    assert decision.report["taken"] == "and both"
    assert decision.formula is not None
    assert decision.formula[2] > 2
    assert decision.formula[3] > 1
    assert aucs(decision)["and both"] > aucs(decision)["and similarity"] + 0.02


def test_a_forecast_is_calibrated_on_packages_that_were_not_fitted(model: ModelFile) -> None:
    given = labels(model, made(model, by_state=2.0, by_score=4.0, n=1500), margin=0.0)
    fifths = fit(given, start(model)).report["reliability"]
    assert isinstance(fifths, list)
    assert all(abs(forecast - helped) < 0.08 for forecast, helped in fifths)
    assert fifths[0][1] < 0.15
    assert fifths[-1][1] > 0.7


def test_a_package_is_never_fitted_and_judged_at_once() -> None:
    packages = ["a"] * 50 + ["b"] * 30 + ["c"] * 20 + list("defghij") * 5
    fold = folds(packages)
    assert all(
        len({f for f, p in zip(fold, packages, strict=True) if p == name}) == 1
        for name in set(packages)
    )
    assert np.bincount(fold).max() == 50
    seen: list[tuple[int, int]] = []

    def forecasting(rest: forecast.Mask, one: forecast.Mask) -> Floats:
        seen.append((int(rest.sum()), int(one.sum())))
        assert not {p for p, r in zip(packages, rest, strict=True) if r} & {
            p for p, o in zip(packages, one, strict=True) if o
        }
        return np.zeros(int(one.sum()))

    forecast.across(fold, forecasting)
    assert sum(one for _, one in seen) == len(packages)


def test_labels_of_one_package_are_judged_by_each_other(model: ModelFile) -> None:
    assert np.bincount(folds(["a"] * 12)).tolist() == [3, 3, 2, 2, 2]
    given = labels(model, made(model, by_state=0.0, by_score=4.0, n=12), margin=0.0)
    alone = replace(given, folds=folds(["a"] * 12))
    assert fit(alone, start(model)).report["labels"] == 12


def test_with_a_strong_decay_the_row_hardly_moves(model: ModelFile) -> None:
    given = labels(model, made(model, by_state=2.0, by_score=0.0), margin=0.0)
    everything = np.ones(len(given.helped), dtype=np.bool_)
    first = start(model)
    moved = [np.linalg.norm(fit_row(given, everything, first, d) - first) for d in (1e-4, 1, 1e3)]
    assert moved[0] > 3 * moved[1] > 30 * moved[2]


def test_the_file_decides_as_it_was_fitted_and_changes_nothing_else(
    model: ModelFile, tmp_path: Path
) -> None:
    given = labels(model, made(model, by_state=2.0, by_score=3.0), margin=0.0)
    decision = fit(given, start(model))
    modelfile.write(tmp_path / "decide.gguf", decided(model, decision, given.states))
    again = modelfile.read(tmp_path / "decide.gguf")
    rows = again.tensors[EMBEDDING].data
    assert len(rows) == TOKENS_N + 1
    assert (rows[:-1] == model.tensors[EMBEDDING].data).all(), "the row of <cc> is read, too"
    assert again.fields[TOKENS].value[-1] == again.fields[TOKEN].value == LOOK
    assert again.fields[KINDS].value[-1] == gguf.TokenType.CONTROL
    numbers = np.array([float(n) for n in again.fields[FORMULA].value.split(",")])
    others, mine = against_others(again, given.states)
    wanted = given.states @ decision.row - given.others
    assert decision.formula is not None
    off = by_formula(numbers, mine - others, given.likeness) - by_formula(
        decision.formula, wanted, given.likeness
    )
    assert abs(off.mean()) < 0.02
    assert np.abs(off).max() < 0.1


def test_a_decision_is_refitted_in_its_own_row(model: ModelFile) -> None:
    given = labels(model, made(model, by_state=2.0, by_score=0.0), margin=0.0)
    first = fit(given, start(model))
    once = decided(model, first, given.states)
    twice = decided(once, replace(first, row=start(model)), given.states)
    assert twice.fields[TOKENS] == once.fields[TOKENS]
    others, mine = against_others(twice, given.states)
    assert np.allclose(others, given.others), "neither <cc> nor <look> is among the others"
    assert np.abs(mine - given.states @ start(model)).max() < 0.1


def test_another_models_labels_are_refused(model: ModelFile) -> None:
    labelled = made(model, by_state=1.0, by_score=1.0, n=40)
    rng = np.random.default_rng(5)
    other = modelfile.pack(rng.normal(0, 0.6, (TOKENS_N, WIDTH)), "q8_0")
    with pytest.raises(SystemExit, match="made with another model"):
        labels(model.holding({EMBEDDING: other}), labelled, margin=0.0)
    with pytest.raises(SystemExit, match="0 labels are too few"):
        decide.labels(model, [], margin=0.0)


def test_no_more_gain_than_the_margin_is_no_help(model: ModelFile) -> None:
    labelled = made(model, by_state=1.0, by_score=1.0, n=40)
    assert 0 < labels(model, labelled, margin=0.0).helped.sum() < 40
    assert labels(model, labelled, margin=0.9).helped.sum() == 0
    assert isinstance(labels(model, labelled, margin=0.0), Labels)


def test_the_threshold_is_chosen_among_the_forecasts_that_the_gate_compares(
    model: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = made(model, by_state=1.0, by_score=4.0, n=20)
    lines = [json.dumps(asdict(outcome)) + "\n" for outcome in before]
    (tmp_path / "outcomes.jsonl").write_text("".join(lines))
    for name, fields in {"plain": {}, "joined": {FORMULA: modelfile.text("-1,0.5,2,0.3")}}.items():
        modelfile.write(tmp_path / f"{name}.gguf", model.saying(fields))
        argv = ["corrected", str(tmp_path / "outcomes.jsonl")]
        argv += ["--model", str(tmp_path / f"{name}.gguf"), "--out", str(tmp_path / name)]
        monkeypatch.setattr(sys, "argv", argv)
        corrected.main()
    assert outcomes.read(tmp_path / "plain") == before
    formula = Formula(-1, 0.5, 2, 0.3)
    for outcome, again in zip(before, outcomes.read(tmp_path / "joined"), strict=True):
        forecast = formula.of(outcome.probability, outcome.scores[0], outcome.match)
        assert again.probability == pytest.approx(forecast, abs=1e-6)
        assert replace(again, probability=outcome.probability) == outcome


def test_the_gates_formula_is_the_one_that_was_fitted() -> None:
    numbers = np.array([-1.0, 0.5, 2.0, 0.3])
    for p, best, match in ((0.1, 0.0, 0), (0.6, 0.3, 12), (0.99, 1.0, 80)):
        likeness = np.array([[best, np.log1p(match)]])
        wanted = sigmoid(by_formula(numbers, np.array([np.log(p / (1 - p))]), likeness))
        assert Formula(*numbers).of(p, best, match) == pytest.approx(wanted[0], abs=1e-9)


def test_a_fitted_decision_changes_no_text_behind_chunks(tmp_path: Path) -> None:
    """With tied embeddings a changed row of `<cc>` would: the model reads it before the chunks."""
    nano = modelfile.read(nano_model())
    embedding = nano.tensors[EMBEDDING].floats()
    modelfile.write(tmp_path / "decide.gguf", with_look(nano, -embedding[rows_of(nano)[0]]))
    before, after = (
        LlamaModel(path, threads=1) for path in (nano_model(), tmp_path / "decide.gguf")
    )
    cc, eof = before.special.cc, before.special.eof
    assert (cc, eof) == (after.special.cc, after.special.eof)
    assert cc is not None
    assert eof is not None

    def logits(model: LlamaModel, *tokens: int) -> Floats:
        prompt = [*model.tokenize("def total(items):\n"), *tokens]
        row: Floats = model.evaluate(prompt, rows=1, cancel=Cancel()).logits[0].astype(np.float64)
        return row

    plain, fitted = logits(before, eof), logits(after, eof)
    assert fitted[cc] == pytest.approx(-plain[cc], abs=0.05), "the new row decides"
    assert fitted[-1] == fitted.min(), "and <look> is never written"
    others = np.arange(len(plain)) != cc
    assert np.array_equal(fitted[:-1][others], plain[others])
    behind, behind_fitted = logits(before, eof, cc), logits(after, eof, cc)
    assert np.array_equal(behind_fitted[:-1][others], behind[others])
    assert after.tokenize("<look>") == before.tokenize("<look>"), "no text yields it"
    before.close()
    after.close()


@pytest.mark.parametrize("path", [default_model(), nano_model()], ids=lambda path: path.stem)
def test_what_ships_reads_no_row_that_was_fitted(path: Path) -> None:
    fields = modelfile.read(path).fields
    reads_chunks = fields["sidelong.context_tokens"].value > 0
    assert not reads_chunks or fields[TOKEN].value == fields[TOKENS].value[-1] == LOOK
