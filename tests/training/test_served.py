"""The shipped model measured through the real server, on a workspace of three files."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers")

from training import label, served
from training.corpus import SourceFile
from training.outcomes import Completed, CorpusBlank, Outcome, read
from training.served import Package, Served, Shown

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.evaluation.run import MODES
from sidelong_index import build

ROOT = Path(__file__).parents[2]

ACCOUNTS = "".join(
    f"""
def total_of_{name}(account, tax):
    subtotal = compute_the_total(account.{name}, tax=tax)
    account.log.info("total of {name}", subtotal)
    return round_to_cents(subtotal)

"""
    for name in ("orders", "returns", "invoices", "vouchers", "deliveries", "deposits")
)
FILES = [
    SourceFile("shop", "shop/accounts.py", ACCOUNTS),
    SourceFile("shop", "shop/refunds.py", ACCOUNTS.replace("total", "refund")),
    SourceFile(
        "shop", "shop/view.js", "function show(total) {\n  return total.toFixed(2);\n}\n" * 9
    ),
]
N = 6

REST: tuple[bool, float, float, list[Any], dict[str, int], float, bool]
REST = (False, 0.3, 0.25, [], {"evaluated": 40}, 9.0, True)
"""The rest of a `Shown`: the threshold is 0.25."""


def workspace(*files: SourceFile, todo: Sequence[CorpusBlank] = ()) -> Package:
    return Package({file.path: file for file in files}, todo)


def answers(package: Package, model: Path) -> list[Served]:
    found: list[Served] = []
    asyncio.run(served.serve(package, model, found.append))
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "corpus.jsonl"
    path.write_text("".join(json.dumps(asdict(file)) + "\n" for file in FILES), encoding="utf-8")
    return path


def run_program(corpus: Path, model: Path, out: Path) -> str:
    """The output of the program; a second call goes on where the first one stopped."""
    options = ("--corpus", str(corpus), "--n", str(N), "--model", str(model), "--out", str(out))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "training.served",
            *options,
            "--beside",
            f"{out}.label",
            "--outcomes",
            f"{out}.outcomes",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["server", "index", "."])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_every_blank_is_asked_in_every_mode_and_agrees_with_the_completer(
    corpus: Path, default_model: Path, llama: LlamaModel, tmp_path: Path
) -> None:
    completer, snapshot = Completer(llama), build([(f.path, f.text) for f in FILES])
    (blanks,) = label.jobs(corpus, N, seed=1, done=set())
    by_path = {file.path: file for file in FILES}
    outcomes = [label.complete(completer, snapshot, by_path[blank.path], blank) for blank in blanks]
    out = tmp_path / "served.jsonl"
    kept = [json.dumps(asdict(outcome)) + "\n" for outcome in outcomes]
    Path(f"{out}.label").write_text("".join(kept), encoding="utf-8")

    printed = run_program(corpus, default_model, out)
    found = {line.case.key: line for line in served.read(out)}
    assert set(found) == {blank.key for blank in blanks}
    assert all(set(line.shown) == set(MODES) for line in found.values())
    assert not any(line.shown["never"].retrieved for line in found.values())
    assert all(line.shown["always"].chunks for line in found.values())
    same = [
        found[o.case.key].shown["never"].completed == o.without and o.without.text != ""
        for o in outcomes
    ]
    # A near tie may fall otherwise, since the order of sums depends on what is in the KV cache.
    assert sum(same) >= len(outcomes) - 1, same
    assert f"| {len(found)} blanks | retrieved | exact match |" in printed
    assert "| JavaScript, " in printed

    kept_again = {o.case.key: o for o in read(Path(f"{out}.outcomes"))}
    for o in outcomes:
        again = kept_again[o.case.key]
        assert again.scores == pytest.approx(o.scores, abs=1e-3)
        assert again.with_context == found[o.case.key].shown["always"].completed
        assert again.probability == found[o.case.key].shown["threshold"].forecast > 0

    before = out.read_text(encoding="utf-8")
    assert run_program(corpus, default_model, out).endswith(printed[printed.index("|") :])
    assert out.read_text(encoding="utf-8") == before


def test_a_run_that_was_stopped_asks_for_the_rest_alone(corpus: Path) -> None:
    (whole,) = served.packages_to_do(corpus, N, seed=1, done=set())
    (rest,) = served.packages_to_do(corpus, N, seed=1, done={whole.todo[0].key})
    assert rest.todo == whole.todo[1:]
    assert served.packages_to_do(corpus, N, seed=1, done={c.key for c in whole.todo}) == []


def test_the_blank_is_not_found_in_the_files_own_copy_on_disk(default_model: Path) -> None:
    secret = "".join(f"    zork = quuxify_the_blorb(item, zork, {i})\n" for i in range(60))
    head, tail = "def handle(item, zork):\n    zork = start(item)\n", "    return zork\n"
    file = SourceFile("p", "own.py", head + secret + tail)
    other = SourceFile("p", "other.py", "def start(item):\n    zork = item\n    return zork\n" * 3)
    # The cursor's own lines, ten each way, are never retrieved; the blank is longer than that.
    case = CorpusBlank("p", file.path, len(head), len(head) + len(secret), "lines")
    (found,) = answers(workspace(file, other, todo=[case]), default_model)
    for mode in MODES:
        assert {chunk["path"] for chunk in found.shown[mode].chunks} <= {"other.py"}
        assert "quux" not in found.shown[mode].completed.text
    assert found.shown["always"].chunks


def test_what_another_file_holds_is_found(default_model: Path) -> None:
    habit = "".join(f"    zork = quuxify_the_blorb(item, zork, {i})\n" for i in range(9))
    text = "def handle(item, zork):\n    zork = "
    file = SourceFile("p", "own.py", text + "x\n    return zork\n")
    other = SourceFile("p", "other.py", "def start(item, zork):\n" + habit)
    case = CorpusBlank("p", file.path, len(text), len(text) + 1, "rest")
    (found,) = answers(workspace(file, other, todo=[case]), default_model)
    assert found.shown["always"].completed.text.startswith("quuxify_the_blorb(item")
    assert "quux" not in found.shown["never"].completed.text


def test_modes_take_turns_in_coming_first() -> None:
    cases = [CorpusBlank("p", "a.py", i, i + 1, "line") for i in range(100)]
    firsts = [served.order(case)[0] for case in cases]
    assert all(set(served.order(case)) == set(MODES) for case in cases)
    assert min(firsts.count(mode) for mode in MODES) > 10


def test_agreement_tells_other_words_from_other_chunks() -> None:
    def shown(text: str, *scores: float) -> Shown:
        chunks = [{"score": score} for score in scores]
        return Shown(Completed(text, False, 0.5), bool(scores), 0.1, 0.2, chunks, {}, 9.0, True)

    same, other_chunks, other_words = shown("a", 0.5), shown("a", 0.4), shown("a", 0.5)
    pairs = [(same, ("a", [0.5])), (other_chunks, ("b", [0.5])), (other_words, ("b", [0.5]))]
    assert served.agreement(pairs) == ["33.3% of 3", "1"]


def test_a_mode_is_compared_with_what_it_would_have_made_of_an_outcome() -> None:
    case, asked = CorpusBlank("p", "a.py", 0, 1, "line"), Shown(Completed("", False, 0), *REST)
    plain, with_context = Completed("plain", False, 0.5), Completed("looked", False, 0.5)
    outcome = Outcome(case, "x", plain, with_context, 0.3, False, [0.5])
    texts = {mode: served.in_process(outcome, mode, asked)[0] for mode in MODES}
    assert texts == {"never": "plain", "always": "looked", "greedy": "plain", "threshold": "looked"}
