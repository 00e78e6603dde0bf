"""Stages 5 and 8, completing blanks with and without retrieval through the engine itself.

The engine is the one that users run: windows, healing, workspace cache, llama.cpp, trimming.
Each blank becomes one line of the file of outcomes; a second run goes on where the first stopped.
`decision` makes labels of the outcomes, and `evaluate` figures.

    python -m training.label --model WORK/pretrain.gguf --corpus WORK/decide.jsonl --n 4000 \\
        --out WORK/labels.jsonl
"""

from __future__ import annotations

import argparse
import base64
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePath
from typing import Literal, get_args

import numpy as np

from sidelong.engine.completer import Completer
from sidelong.engine.mixture import DEFAULT, Mixture, parse
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Model
from sidelong.engine.prompt import Budget
from sidelong.engine.request import Answer, Request
from sidelong.engine.retrieval import longest_match
from sidelong.engine.view import view
from sidelong.evaluation.blanks import Blank, Kind, sample_blanks
from sidelong.evaluation.cases import exclusion
from sidelong.evaluation.metrics import score
from sidelong.language import language_id
from sidelong.settings import RetrievalMode, Settings
from sidelong_index import Exclusion, Snapshot, build
from training import budget as budgets
from training import workers
from training.baseline import Flat
from training.corpus import SourceFile
from training.counts import Counts, read_counts
from training.examples import packages
from training.files import cut_torn_line
from training.outcomes import Completed, CorpusBlank, Outcome, read
from training.similar import SimilarLines

KINDS: tuple[Kind, ...] = ("line", "rest", "expression", "lines")
"""People wait for these at a cursor; longer blanks say little about the decision to look."""

BLANKS_PER_JOB = 10

Baseline = Literal["cache", "counts", "similar"]
"""The workspace cache alone; n-grams of the training corpus; the lines after similar lines."""


@dataclass(frozen=True)
class Engine:
    """The engine that completes the blanks."""

    model: Path
    cache: bool
    baseline: Baseline | None = None
    """Answers in the model's place."""
    counts: Path | None = None
    """The file that `counts` made, for that baseline."""
    our_cache: bool = False
    """Where the file does not say what the workspace cache is worth, weigh it as beside ours."""
    budget: budgets.Budget | None = None
    """In place of the file's."""
    mixture: Mixture | None = None
    """The workspace cache's share, in place of the file's."""


def draw(
    files: Sequence[SourceFile], n: int, *, seed: int, kinds: Sequence[Kind] = KINDS
) -> list[CorpusBlank]:
    """`n` blanks of one package, spread over its files; one that is drawn twice is one."""
    drawn = islice(_draw(files, random.Random(f"{seed} {files[0].package}"), kinds), n)
    return list({blank.key: blank for blank in drawn}.values())


def _draw(
    files: Sequence[SourceFile], rng: random.Random, kinds: Sequence[Kind]
) -> Iterator[CorpusBlank]:
    for _ in range(20):
        for file in rng.sample(list(files), k=len(files)):
            for blank in sample_blanks(file.text, rng=rng, n=1, kinds=kinds):
                yield CorpusBlank(file.package, file.path, blank.start, blank.end, blank.kind)


def quotas(corpus: Sequence[Sequence[SourceFile]], n: int) -> list[int]:
    """The blanks that each package gives: as the square root of its size, so none dominates."""
    roots = [sum(len(file.text) for file in files) ** 0.5 for files in corpus]
    return [round(n * root / sum(roots)) for root in roots]


def complete(
    completer: Completer,
    snapshot: Snapshot,
    file: SourceFile,
    blank: CorpusBlank,
    *,
    budget: budgets.Budget | None = None,
) -> Outcome:
    """Complete one blank in every way; each completion reuses the KV cache of those before."""
    target, after = file.text[blank.start : blank.end], file.text[blank.end :]
    settings, exclude = _settings(completer, budget), excluded(file, blank)

    def request(mode: RetrievalMode, **more: object) -> Request:
        return Request(
            path=file.path,
            language=language_id(PurePath(file.path)),
            text=file.text[: blank.start] + after,
            offset=blank.start,
            settings=replace(settings, retrieval=mode, **more),  # type: ignore[arg-type]
        )

    def ask(mode: RetrievalMode, **more: object) -> Answer:
        return completer.complete(
            request(mode, **more), snapshot=snapshot, cancel=Cancel(), exclude=exclude
        )

    def judged(answer: Answer) -> Completed:
        return judge(answer.text, target, covered=after[: answer.replace_after])

    def alone(mode: RetrievalMode, beside: Answer) -> Answer:
        return ask(mode, workspace_cache=False) if settings.workspace_cache else beside

    window = completer.window(settings)
    uncertain = entropy(completer.model, request("never"), window.budget)
    considered = completer.consider(request("never"), Cancel())
    without = ask("never")
    alone_without = alone("never", without)
    with_context = ask("always")
    alone_with = alone("always", with_context)
    if considered is None:  # a baseline, which has no state
        probability, likeliest, state = without.gate.probability or 0.0, False, ""
    else:
        signal, hidden = considered
        probability, likeliest, state = signal.probability, signal.likeliest, encode(hidden)
    return Outcome(
        case=blank,
        target=target,
        without=judged(without),
        with_context=judged(with_context),
        probability=round(probability, 6),
        greedy=likeliest and bool(with_context.chunks),
        scores=[round(hit.score, 4) for hit in with_context.chunks],
        match=longest_match(file.text[: blank.start], [hit.text for hit in with_context.chunks]),
        entropy=round(uncertain, 4),
        alone_without=judged(alone_without),
        alone_with=judged(alone_with),
        state=state,
    )


def encode(state: np.ndarray) -> str:
    """A hidden state [D] as base64 of little-endian float16."""
    return base64.b64encode(state.astype("<f2").tobytes()).decode("ascii")


def entropy(model: Model, request: Request, budget: Budget) -> float:
    """Of the next token's distribution where an abstention begins, in nats."""
    prompt = view(model, request, budget).prompt
    logits = model.evaluate(prompt, rows=1, cancel=Cancel()).logits[0].astype(np.float64)
    logits -= logits.max()
    p = np.exp(logits) / np.exp(logits).sum()
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum())


def judge(text: str, target: str, *, covered: str = "") -> Completed:
    """Score a completion that replaces `covered` after the cursor."""
    scores = score(text, target, covered=covered)
    return Completed(text, scores.exact, round(scores.edit_similarity, 4))


def excluded(file: SourceFile, blank: CorpusBlank) -> Exclusion:
    """The lines of the file that must not be retrieved for its blank."""
    return exclusion(file.path, file.text, Blank(blank.start, blank.end, "line"))


def _settings(completer: Completer, budget: budgets.Budget | None) -> Settings:
    settings = Settings(
        workspace_cache=completer.model.mixture is not None,
        # Every blank is completed: a text withheld for want of confidence could not be compared.
        min_probability=0.0,
    )
    return budgets.wished(settings, budget)


def complete_similar(similar: SimilarLines, file: SourceFile, blank: CorpusBlank) -> Outcome:
    """The baseline of similar lines: those of the file for "without", of all files for "with"."""
    target = file.text[blank.start : blank.end]
    before, after = file.text[: blank.start], file.text[blank.end :]
    exclude = excluded(file, blank)
    (without, _), (with_context, similarity) = (
        similar.complete(before, after, exclude, own_file_alone=alone) for alone in (True, False)
    )
    return Outcome(
        case=blank,
        target=target,
        without=judge(without, target),
        with_context=judge(with_context, target),
        probability=0.0,
        greedy=False,
        scores=[similarity],
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
    elif engine.mixture is not None:
        model.mixture = engine.mixture  # type: ignore[misc]
    elif engine.our_cache and model.mixture is None:
        model.mixture = DEFAULT  # type: ignore[misc]
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


def _work(job: tuple[Engine, Path, list[CorpusBlank]]) -> list[Outcome]:
    engine, corpus, blanks = job
    files, snapshot = package(corpus, blanks[0].package)
    if engine.baseline == "similar":
        similar = _similar(corpus, blanks[0].package)
        return [complete_similar(similar, files[blank.path], blank) for blank in blanks]
    completer = _completer(engine)
    return [
        complete(completer, snapshot, files[blank.path], blank, budget=engine.budget)
        for blank in blanks
    ]


def jobs(
    corpus: Path, n: int, *, seed: int, done: set[str], kinds: Sequence[Kind] = KINDS
) -> list[list[CorpusBlank]]:
    """The blanks that are still to be completed, in small groups, package by package."""
    corpus_packages = packages(corpus)
    groups = []
    for files, quota in zip(corpus_packages, quotas(corpus_packages, n), strict=True):
        drawn = draw(files, quota, seed=seed, kinds=kinds)
        todo = [blank for blank in drawn if blank.key not in done]
        groups += [todo[i : i + BLANKS_PER_JOB] for i in range(0, len(todo), BLANKS_PER_JOB)]
    return groups


def shuffled(groups: Sequence[list[CorpusBlank]], *, seed: int) -> list[list[CorpusBlank]]:
    """The groups in a random order, so that a run which is cut short covers all packages."""
    return random.Random(seed).sample(list(groups), k=len(groups))


def _mixture(text: str) -> Mixture:
    found = parse(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no mixture")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="draw only these")
    cache = parser.add_mutually_exclusive_group()
    cache.add_argument("--no-cache", action="store_true", help="switch the workspace cache off")
    cache.add_argument(
        "--our-cache",
        action="store_true",
        help="where the file does not say what the workspace cache is worth, weigh it as beside "
        "a model of ours",
    )
    cache.add_argument(
        "--mixture",
        type=_mixture,
        metavar="NUMBERS",
        help="weigh the workspace cache by these, as `training.mixture` prints them",
    )
    budgets.add_option(parser, otherwise="by default the model's own")
    parser.add_argument("--baseline", choices=get_args(Baseline), help="in the model's place")
    parser.add_argument("--counts", type=Path, help="the n-grams of that baseline")
    parser.add_argument("--out", type=Path, required=True)
    workers.add_options(parser)
    return parser.parse_args()


def main() -> None:
    args = _arguments()
    engine = Engine(
        args.model,
        not args.no_cache,
        args.baseline,
        args.counts,
        args.our_cache,
        budgets.of(args),
        args.mixture,
    )
    cut_torn_line(args.out)
    done = {outcome.case.key for outcome in read(args.out)}
    groups = jobs(args.corpus, args.n, seed=args.seed, done=done, kinds=args.kinds)
    n = len(done)
    with args.out.open("a", encoding="utf-8") as out:
        todo = [(engine, args.corpus, group) for group in shuffled(groups, seed=args.seed)]
        for outcomes in workers.of(args).run(_work, todo):
            out.writelines(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes)
            out.flush()
            n += len(outcomes)
            print(f"{n} completed", flush=True)


if __name__ == "__main__":
    workers.main("training.label")
