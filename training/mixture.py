"""Between stages 4 and 5, the workspace cache's share: its few numbers, by likelihood.

The true tokens of blanks are read through the engine's own windows, healing, retrieval and cache,
each blank with and without retrieved chunks; the numbers of `engine.mixture` are those under
which these tokens are likeliest. That is convex in nothing, but small: some ten numbers and some
ten thousand tokens take seconds, after minutes of reading.

    python -m training.mixture --model WORK/pretrain.gguf --corpus WORK/decide.jsonl --n 1500 \\
        --out WORK/mixture.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from sidelong.engine import prompt as prompts
from sidelong.engine.budget import Window
from sidelong.engine.documents import Documents
from sidelong.engine.generate import RECENT, distribution
from sidelong.engine.mixture import DEFAULT, SURE, Mixture, parse
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel, Model
from sidelong.engine.ngram import LineTokens, NgramCache
from sidelong.engine.request import Request
from sidelong.engine.retrieval import retrieve
from sidelong.engine.view import view
from sidelong.engine.writing import Prefill, TextWriter
from sidelong.language import language_id
from sidelong.settings import Settings
from sidelong_index import Hit, Snapshot
from training import budget as budgets
from training import workers
from training.baseline import NEVER
from training.corpus import SourceFile
from training.files import write_text
from training.label import excluded, jobs, package
from training.outcomes import CorpusBlank

FOLDS = 5

NOTHING = replace(DEFAULT, lengths=(NEVER,) * len(DEFAULT.lengths))
"""A cache that has no say."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """The views of model and cache on each true token; N tokens, K lengths of match from 0 on."""

    places: Floats
    """The number of places that match [N, K]."""
    followers: Floats
    """The number of different tokens that follow there [N, K]."""
    share: Floats
    """The true token's share of the places [N, K]."""
    alone: Floats
    """The model's probability of the true token [N]."""
    confidence: Floats
    """The model's probability of its likeliest token [N]."""
    special: Floats
    """The model's probability of special tokens; 0 before a text is begun [N]."""
    is_special: npt.NDArray[np.bool_]
    """True where the true token is one: the end of the text [N]."""
    retrieved: npt.NDArray[np.bool_]
    """True where chunks had been retrieved [N]."""

    def where(self, chosen: npt.NDArray[np.bool_] | slice) -> Evidence:
        """Some of the tokens."""
        return Evidence(*(getattr(self, field.name)[chosen] for field in fields(self)))


def join(parts: Sequence[Evidence]) -> Evidence:
    names = [field.name for field in fields(Evidence)]
    return Evidence(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def evidence(
    writer: TextWriter, read: Prefill, chunks: Sequence[Hit], target: Sequence[int]
) -> Evidence:
    """The evidence of the tokens of `target`, each after those before it are known."""
    model, owed = writer.model, writer.view.owed
    cache = writer.cache(tuple(chunks))
    assert cache is not None
    found = model.evaluate([*read.prompt, *target[:-1]], rows=len(target), cancel=Cancel())
    recent, written, rows = [*writer.view.before[-RECENT:]], b"", []
    for token, logits in zip(target, found.logits, strict=True):
        still_owed = owed[len(written) :]
        alone = distribution(model.pieces, logits, still_owed)
        # A text that is not begun may not end: see `NgramCache.mix`.
        begun = len(written) > len(owed)
        special = float(alone[model.pieces.special].sum()) if begun else 0.0
        rows.append(_row(cache, alone, recent[-RECENT:], still_owed, token, special))
        written += model.pieces.pieces[token]
        recent.append(token)
    places, followers, share, rest = (np.array([row[i] for row in rows]) for i in range(4))
    alone, confidence, special = rest.T
    is_special = np.array([not model.pieces.pieces[token] for token in target])
    retrieved = np.full(len(target), bool(chunks))
    return Evidence(places, followers, share, alone, confidence, special, is_special, retrieved)


def _row(
    cache: NgramCache,
    alone: Floats,
    context: list[int],
    owed: bytes,
    token: int,
    special: float,
) -> tuple[list[float], list[float], list[float], list[float]]:
    standing, matches = cache.standing(owed), cache.matches(context, owed)
    n = int(standing.sum())
    places = [float(n), *(float(len(match)) for match in matches)]
    followers = [float(np.count_nonzero(standing)), *(float(len(set(m.tolist()))) for m in matches)]
    share = [float(standing[token] / max(1, n)), *(float((m == token).mean()) for m in matches)]
    short = [0.0] * (len(DEFAULT.lengths) - len(places))
    rest = [float(alone[token]), float(alone.max()), special]
    return places + short, followers + short, share + short, rest


def of_case(
    model: Model,
    lines: LineTokens,
    snapshot: Snapshot,
    file: SourceFile,
    case: CorpusBlank,
    *,
    budget: budgets.Budget | None = None,
) -> Iterator[Evidence]:
    """The evidence of one blank: from the open file alone, and with retrieved chunks."""
    text = file.text[: case.start] + file.text[case.end :]
    language = language_id(PurePath(file.path))
    settings = budgets.wished(Settings(), budget)
    request = Request(file.path, language, text, case.start, settings)
    window = prompts.fit(Window(model.budget).wished(settings).budget, model.n_ctx)
    seeing = view(model, request, window)
    document = Documents().of(request)
    writer = TextWriter(model, request, seeing, window, lines, document, Cancel())
    target = model.tokenize(seeing.owed.decode() + file.text[case.start : case.end])
    if len(target) < window.generated:
        target.append(model.special.eos)
    target = target[: window.generated]
    chunks = retrieve(
        snapshot,
        path=file.path,
        text=text,
        offset=case.start,
        k=request.settings.max_chunks,
        exclude=excluded(file, case),
    )
    read = writer.read()
    yield evidence(writer, read, (), target)
    if chunks:
        yield evidence(writer, writer.read_chunks(tuple(chunks)) or read, chunks, target)


def log_likelihoods(e: Evidence, mixture: Tensor) -> Tensor:
    """Of every true token [N], as `NgramCache.mix` mixes; `mixture` are the numbers as a file's."""
    places, followers = torch.from_numpy(e.places), torch.from_numpy(e.followers)
    p = torch.from_numpy(e.confidence).clamp(SURE, 1 - SURE)[:, None]
    odds = mixture[0] * places.clamp_min(1).log() + mixture[1] * followers.clamp_min(1).log()
    odds = odds + mixture[2] * torch.logit(p) + mixture[3:]
    shares = torch.sigmoid(odds) * (places > 0)
    special = torch.from_numpy(e.special)
    alone, share = torch.from_numpy(e.alone), torch.from_numpy(e.share)
    kept, cached = torch.ones_like(alone), torch.zeros_like(alone)
    for k in range(e.places.shape[1]):
        kept = kept * (1 - shares[:, k])
        cached = cached * (1 - shares[:, k]) + shares[:, k] * share[:, k]
    mixed = kept * alone + (1 - special) * cached
    return torch.where(torch.from_numpy(e.is_special), alone, mixed).clamp_min(1e-9).log()


def fit(e: Evidence, *, decay: float, start: Mixture = DEFAULT) -> Mixture:
    """The likeliest mixture, drawn towards `start` where little says otherwise."""
    first = torch.tensor(numbers(start), dtype=torch.float64)
    found = first.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([found], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = decay * ((found - first) ** 2).sum() - log_likelihoods(e, found).mean()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    places, followers, confidence, *lengths = found.tolist()
    return Mixture(places, followers, confidence, tuple(lengths))


def numbers(mixture: Mixture) -> list[float]:
    """In the order of `Mixture.text`."""
    return [mixture.places, mixture.followers, mixture.confidence, *mixture.lengths]


def mean(e: Evidence, mixture: Mixture) -> float:
    """The mean log-likelihood of a token, in nats."""
    found = torch.tensor(numbers(mixture), dtype=torch.float64)
    return float(log_likelihoods(e, found).mean())


def cross_validated(e: Evidence, *, decay: float) -> Floats:
    """The log-likelihood of every token [N] under the numbers fitted on the other folds.

    Tokens come package by package, so folds do too.
    """
    found = np.zeros(len(e.alone))
    for fold in np.array_split(np.arange(len(e.alone)), FOLDS):
        rest = np.ones(len(e.alone), dtype=np.bool_)
        rest[fold] = False
        fitted = torch.tensor(numbers(fit(e.where(rest), decay=decay)), dtype=torch.float64)
        found[fold] = log_likelihoods(e.where(~rest), fitted).numpy()
    return found


def read(path: Path) -> Mixture:
    """The mixture that was fitted."""
    text = json.loads(path.read_text(encoding="utf-8"))["mixture"]
    found = parse(text)
    if found is None:
        raise SystemExit(f"{path}: {text!r} is no mixture; fit it again with training.mixture")
    return found


@lru_cache(maxsize=1)
def _model(path: Path) -> tuple[LlamaModel, LineTokens]:
    model = LlamaModel(path, threads=1)
    model.mixture = DEFAULT
    return model, LineTokens(model.tokenize)


def _work(job: tuple[Path, Path, list[CorpusBlank], budgets.Budget | None]) -> Evidence:
    path, corpus, wanted, budget = job
    model, lines = _model(path)
    files, snapshot = package(corpus, wanted[0].package)
    cases = ((files[case.path], case) for case in wanted)
    return join(
        [e for case in cases for e in of_case(model, lines, snapshot, *case, budget=budget)]
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what is read."""
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--n", type=int, default=1500, help="blanks")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--decay", type=float, default=1e-5)
    budgets.add_option(parser, otherwise="by default the model's own")
    workers.add_options(parser)


def gather(args: argparse.Namespace) -> Evidence:
    """The evidence of all blanks, package by package."""
    todo = jobs(args.corpus, args.n, seed=args.seed, done=set())
    work = [(args.model, args.corpus, wanted, budgets.of(args)) for wanted in todo]
    return join(list(workers.of(args).run(_work, work)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    found = gather(args)
    fitted = fit(found, decay=args.decay)
    said = {
        "mixture": fitted.text(),
        "tokens": len(found.alone),
        "alone": mean(found, NOTHING),
        "built_in": mean(found, DEFAULT),
        "fitted": float(cross_validated(found, decay=args.decay).mean()),
    }
    write_text(args.out, json.dumps(said, indent=1) + "\n")
    print(
        f"{said['tokens']} tokens, nats each: model alone {said['alone']:.3f}, built-in mixture "
        f"{said['built_in']:.3f}, fitted on other packages {said['fitted']:.3f}; {said['mixture']}"
    )


if __name__ == "__main__":
    workers.main("training.mixture")
