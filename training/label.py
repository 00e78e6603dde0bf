"""Stages 5 and 8, completing blanks with and without retrieval through the engine itself.

What users run answers here: windows, healing, workspace cache, llama.cpp, trimming.
Each blank becomes one line of JSON with both completions and what the gate said; run again, it
goes on where it stopped. What is made of the lines is left to `decision` (labels) and `evaluate`.

    python -m training.label --model WORK/pretrain.gguf --corpus WORK/decide.jsonl --n 4000 \\
        --out WORK/labels.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

import numpy as np

from sidelong.engine.completer import Completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Model
from sidelong.engine.request import Answer, Request
from sidelong.engine.view import view
from sidelong.evaluation.blanks import Blank, Kind, sample_blanks
from sidelong.evaluation.metrics import edit_similarity, exact_match, scored
from sidelong.language import language_id
from sidelong.settings import RetrievalMode, Settings
from sidelong_index import Snapshot, build
from training import workers
from training.baseline import Flat
from training.corpus import SourceFile
from training.counts import Counts, read_counts
from training.examples import exclusion, packages
from training.files import cut_torn_line
from training.similar import SimilarLines

KINDS: tuple[Kind, ...] = ("line", "rest", "expression", "lines")
"""What people wait for at a cursor; longer blanks say little about whether to look."""

CASES_PER_JOB = 20

Baseline = Literal["cache", "counts", "similar"]
"""The workspace cache alone; n-grams of the training corpus; the lines after similar lines."""


@dataclass(frozen=True)
class Case:
    """One blank of one file of one package."""

    package: str
    path: str
    start: int
    end: int
    kind: str

    @property
    def key(self) -> str:
        return f"{self.package} {self.path} {self.start} {self.end}"


@dataclass(frozen=True)
class Completed:
    """What the engine made of one blank: without retrieval, and with it."""

    text: str
    exact: bool
    edit_similarity: float


@dataclass(frozen=True)
class Outcome:
    """A line of the file."""

    case: Case
    target: str
    without: Completed
    with_context: Completed
    probability: float
    greedy: bool
    """Whether `<cc>` was the likeliest token at `<eof>` (and there was something to read)."""
    scores: list[float]
    """Jaccard similarities of the chunks that were read, best first."""
    entropy: float = 0.0
    """Of the first token, in nats, as the model alone would write it without retrieval."""

    @property
    def gain(self) -> float:
        return self.with_context.edit_similarity - self.without.edit_similarity


@dataclass(frozen=True)
class Engine:
    """How the blanks are to be completed."""

    model: Path
    cache: bool
    baseline: Baseline | None = None
    """What answers in the model's place."""
    counts: Path | None = None
    """What `counts` made, for that baseline."""


def cases(files: Sequence[SourceFile], n: int, *, seed: int) -> list[Case]:
    """`n` blanks of one package, spread over its files; one that is drawn twice is one."""
    drawn = islice(_draw(files, random.Random(f"{seed} {files[0].package}")), n)
    return list({case.key: case for case in drawn}.values())


def _draw(files: Sequence[SourceFile], rng: random.Random) -> Iterator[Case]:
    for _ in range(20):
        for file in rng.sample(list(files), k=len(files)):
            for blank in sample_blanks(file.text, rng=rng, n=1, kinds=KINDS):
                yield Case(file.package, file.path, blank.start, blank.end, blank.kind)


def quotas(corpus: Sequence[Sequence[SourceFile]], n: int) -> list[int]:
    """How many blanks each package gives: as the square root of its size, so none dominates."""
    roots = [sum(len(file.text) for file in files) ** 0.5 for files in corpus]
    return [round(n * root / sum(roots)) for root in roots]


def complete(completer: Completer, snapshot: Snapshot, file: SourceFile, case: Case) -> Outcome:
    """Complete one blank in both ways; the second reuses the first one's KV cache."""
    blank = Blank(case.start, case.end, "line")
    target, after = file.text[case.start : case.end], file.text[case.end :]

    def asked(mode: RetrievalMode, **more: object) -> Request:
        return Request(
            path=file.path,
            language=language_id(PurePath(file.path)),
            text=file.text[: case.start] + after,
            offset=case.start,
            settings=replace(_settings(completer), retrieval=mode, **more),  # type: ignore[arg-type]
        )

    def ask(mode: RetrievalMode, **more: object) -> Answer:
        return completer.complete(
            asked(mode, **more),
            snapshot=snapshot,
            cancel=Cancel(),
            exclude=exclusion(file, blank),
        )

    probe = ask("auto", rule="greedy", max_tokens=1)
    uncertain = entropy(completer.model, asked("never"))
    without, with_context = ask("never"), ask("always")
    return Outcome(
        case=case,
        target=target,
        without=judge(without.text, target, covered=after[: without.replace_after]),
        with_context=judge(with_context.text, target, covered=after[: with_context.replace_after]),
        probability=without.gate.probability or 0.0,
        greedy=probe.gate.retrieved,
        scores=[round(hit.score, 4) for hit in with_context.chunks],
        entropy=round(uncertain, 4),
    )


def entropy(model: Model, request: Request) -> float:
    """Of the next token's distribution where an abstention begins, in nats."""
    seen = view(model, request, model.budget).prompt
    logits = model.evaluate(seen, rows=1, cancel=Cancel()).logits[0].astype(np.float64)
    logits -= logits.max()
    p = np.exp(logits) / np.exp(logits).sum()
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum())


def judge(text: str, target: str, *, covered: str = "") -> Completed:
    """Score a completion that replaces `covered` after the cursor."""
    counts = scored(text, target, covered=covered)
    return Completed(text, exact_match(counts, target), round(edit_similarity(counts, target), 4))


def _settings(completer: Completer) -> Settings:
    # Every blank is completed: a text withheld for want of confidence could not be compared.
    return Settings(workspace_cache=completer.model.mixture is not None, min_probability=0.0)


def complete_similar(similar: SimilarLines, file: SourceFile, case: Case) -> Outcome:
    """The baseline of similar lines: those of the file for "without", of all files for "with"."""
    target = file.text[case.start : case.end]
    before, after = file.text[: case.start], file.text[case.end :]
    exclude = exclusion(file, Blank(case.start, case.end, "line"))
    (without, _), (with_context, score) = (
        similar.complete(before, after, exclude, own_file_alone=alone) for alone in (True, False)
    )
    return Outcome(
        case, target, judge(without, target), judge(with_context, target), 0.0, False, [score]
    )


@lru_cache(maxsize=1)
def _completer(engine: Engine) -> Completer:
    model: Model = LlamaModel(engine.model, threads=1)
    if engine.baseline == "cache":
        model = Flat(model)
    elif engine.baseline == "counts":
        assert engine.counts is not None
        model = Counts(model, read_counts(engine.counts))
    elif not engine.cache:
        model.mixture = None  # type: ignore[misc]
    return Completer(model)


@lru_cache(maxsize=1)
def _similar(corpus: Path, name: str) -> SimilarLines:
    files, _ = package(corpus, name)
    return SimilarLines((path, file.text) for path, file in files.items())


@lru_cache(maxsize=1)
def package(corpus: Path, name: str) -> tuple[dict[str, SourceFile], Snapshot]:
    """A package's files by their paths, and the index of them."""
    files = next(files for files in packages(corpus) if files[0].package == name)
    return {f.path: f for f in files}, build([(f.path, f.text) for f in files])


def _work(job: tuple[Engine, Path, list[Case]]) -> list[Outcome]:
    engine, corpus, wanted = job
    files, snapshot = package(corpus, wanted[0].package)
    if engine.baseline == "similar":
        similar = _similar(corpus, wanted[0].package)
        return [complete_similar(similar, files[case.path], case) for case in wanted]
    return [complete(_completer(engine), snapshot, files[case.path], case) for case in wanted]


def jobs(corpus: Path, n: int, *, seed: int, done: set[str]) -> Iterator[list[Case]]:
    """The cases that are still to be done, in small groups of one package each."""
    by_package = packages(corpus)
    for files, quota in zip(by_package, quotas(by_package, n), strict=True):
        todo = [case for case in cases(files, quota, seed=seed) if case.key not in done]
        for i in range(0, len(todo), CASES_PER_JOB):
            yield todo[i : i + CASES_PER_JOB]


def records(path: Path) -> list[dict[str, Any]]:
    """The lines of JSON kept at `path`; none if there is no such file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read(path: Path) -> list[Outcome]:
    """The outcomes kept at `path`; none if there is no such file."""
    outcomes = []
    for kept in records(path):
        kept["case"] = Case(**kept["case"])
        kept["without"] = Completed(**kept["without"])
        kept["with_context"] = Completed(**kept["with_context"])
        outcomes.append(Outcome(**kept))
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-cache", action="store_true", help="switch the workspace cache off")
    parser.add_argument("--baseline", choices=get_args(Baseline), help="in the model's place")
    parser.add_argument("--counts", type=Path, help="the n-grams of that baseline")
    parser.add_argument("--out", type=Path, required=True)
    workers.add_options(parser)
    args = parser.parse_args()
    engine = Engine(args.model, not args.no_cache, args.baseline, args.counts)
    cut_torn_line(args.out)
    done = {outcome.case.key for outcome in read(args.out)}
    todo = [(engine, args.corpus, j) for j in jobs(args.corpus, args.n, seed=args.seed, done=done)]
    n = len(done)
    with args.out.open("a", encoding="utf-8") as out:
        for outcomes in workers.of(args).run(_work, todo):
            out.writelines(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes)
            out.flush()
            n += len(outcomes)
            print(f"{n} completed", flush=True)


if __name__ == "__main__":
    workers.main("training.label")
