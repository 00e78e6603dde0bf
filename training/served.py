"""Stage 11, the figures of the card through the real server, as an editor would see them.

Every package is written to disk as workspace folders, one for each way to decide, and a language
server started on them; each file is opened with the blank cut out and asked for ghost text.
The blanks are `label`'s. Run again, it goes on where it stopped, and prints its tables again.

    python -m training.served --model WORK/model.gguf --corpus WORK/held_out.jsonl --n 1200 \\
        --beside WORK/held_out_outcomes.jsonl --out WORK/served.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import warnings
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from demo.client import Editor, Suggestion, running
from lsprotocol.types import Position

from sidelong.evaluation.metrics import bootstrap_interval
from sidelong.evaluation.run import MODES, Mode
from sidelong.language import language_id
from training import budget as budgets
from training import outcomes
from training.budget import Budget
from training.corpus import SourceFile, language
from training.evaluate import cell, table
from training.examples import packages
from training.files import cut_torn_line, write_text
from training.label import BLANKS_PER_JOB, draw, judge, quotas
from training.outcomes import Completed, CorpusBlank, Outcome

RETRIEVAL: Mapping[Mode, Mapping[str, str]] = {
    "never": {"mode": "never"},
    "always": {"mode": "always"},
    "greedy": {"mode": "auto", "rule": "greedy"},
    "threshold": {"mode": "auto", "rule": "threshold"},
}
"""The server's setting `retrieval` for each mode."""

ANSWERS_WITHIN_S = 120.0


@dataclass(frozen=True)
class Shown:
    """The text that an editor shows for a blank in one mode, and the server's record of it."""

    completed: Completed
    retrieved: bool
    forecast: float
    """The value that was compared with the threshold; 0 where nothing decides."""
    threshold: float
    chunks: list[dict[str, Any]]
    """The chunks that were retrieved, best first: path, lines and score."""
    tokens: dict[str, int]
    """The tokens of the request, as the server explains it: read, evaluated and decoded."""
    ms: float
    """From sending the request to having the answer."""
    first: bool
    """True if no other mode was asked before: nothing of the prompt was in the KV cache."""

    @property
    def scores(self) -> list[float]:
        """Jaccard similarities of the chunks."""
        return [chunk["score"] for chunk in self.chunks]


@dataclass(frozen=True)
class Served:
    """One blank in every mode; a line of the file."""

    case: CorpusBlank
    target: str
    shown: dict[Mode, Shown]


@dataclass(frozen=True)
class Package:
    """The files of a workspace, and the blanks that are still to be asked for."""

    files: Mapping[str, SourceFile]
    todo: Sequence[CorpusBlank]

    @property
    def name(self) -> str:
        return next(iter(self.files.values())).package


def packages_to_do(corpus: Path, n: int, *, seed: int, done: set[str]) -> list[Package]:
    """Every package with blanks to do, most of them first."""
    corpus_packages = packages(corpus)
    to_do = []
    for files, quota in zip(corpus_packages, quotas(corpus_packages, n), strict=True):
        todo = [blank for blank in draw(files, quota, seed=seed) if blank.key not in done]
        to_do.append(Package({file.path: file for file in files}, todo))
    return sorted((p for p in to_do if p.todo), key=lambda package: -len(package.todo))


async def measure(
    work: Sequence[Package],
    model: Path,
    *,
    budget: Budget | None = None,
    servers: int,
    keep: Callable[[Served], None],
) -> None:
    """Ask for every blank, a server a package and `servers` of them at once."""
    waiting = list(work)

    async def one_after_another() -> None:
        while waiting:
            await serve(waiting.pop(0), model, keep, budget=budget)

    await asyncio.gather(*(one_after_another() for _ in range(servers)))


async def serve(
    package: Package,
    model: Path,
    keep: Callable[[Served], None],
    *,
    budget: Budget | None = None,
) -> None:
    """Ask one server for the package's blanks."""
    with TemporaryDirectory(prefix="sidelong-served-") as folder:
        roots = {mode: Path(folder, mode, package.name) for mode in MODES}
        for root in roots.values():
            write(root, package.files.values())
        # Neither the user's settings nor what was learnt about folders here.
        own = {
            "SIDELONG_CACHE_DIR": str(Path(folder, "cache")),
            "SIDELONG_CONFIG": str(Path(folder, "config.toml")),
        }
        async with running(
            {roots[mode]: settings(mode, budget) for mode in MODES},
            log_file=Path(folder, "server.log"),
            options=("--model", str(model), "--threads", "1"),
            env={**os.environ, **own},
        ) as editor:
            for case in package.todo:
                keep(await ask(editor, roots, package, case))


def write(root: Path, files: Iterable[SourceFile]) -> None:
    """Write the files below a folder that is not there yet."""
    for file in files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.text.encode())


def settings(mode: Mode, budget: Budget | None) -> dict[str, Any]:
    """The settings of a mode's folder; like `label`, it shows improbable texts, too."""
    made: dict[str, Any] = {"retrieval": RETRIEVAL[mode], "minProbability": 0}
    if budget is not None:
        made["budget"] = dict(zip(("prefix", "suffix", "context"), budget, strict=True))
    return made


def order(case: CorpusBlank) -> tuple[Mode, ...]:
    """The modes, each first in a quarter of the blanks: a later one finds a warm KV cache."""
    turn = zlib.crc32(case.key.encode()) % len(MODES)
    return MODES[turn:] + MODES[:turn]


async def ask(
    editor: Editor, roots: Mapping[Mode, Path], package: Package, case: CorpusBlank
) -> Served:
    """The texts that are shown for one blank, by mode.

    Every mode has a folder of its own, so none recalls the suggestion of another.
    """
    file = package.files[case.path]
    before, after = file.text[: case.start], file.text[case.end :]
    cursor = Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    target = file.text[case.start : case.end]
    shown: dict[Mode, Shown] = {}
    for mode in order(case):
        editor.open(roots[mode] / file.path, before + after, language_id(PurePath(file.path)))
        # Until then the index holds the file on disk, with the blank still in it.
        held = await asyncio.wait_for(editor.indexed(), ANSWERS_WITHIN_S)
        if held is not None and held < len(package.files):
            short = f"{held} of {len(package.files)} files are indexed"
            warnings.warn(f"{package.name}: {short}", stacklevel=1)
        suggestion = await asyncio.wait_for(editor.complete(cursor), ANSWERS_WITHIN_S)
        editor.close()
        check(suggestion, mode)
        shown[mode] = Shown(
            completed=judge(suggestion.text, target, covered=after[: suggestion.replaced]),
            retrieved=suggestion.gate["retrieved"],
            forecast=suggestion.compared or 0.0,
            threshold=suggestion.gate["threshold"],
            chunks=suggestion.chunks,
            tokens=suggestion.tokens,
            ms=round(suggestion.ms, 2),
            first=not shown,
        )
    return Served(case, target, shown)


def check(suggestion: Suggestion, mode: Mode) -> None:
    """Raise `RuntimeError` if the answer is not this mode's to this very request."""
    if suggestion.outcome not in ("shown", "empty"):
        raise RuntimeError(f"{mode}: {suggestion.outcome}, {suggestion.reason}")
    if suggestion.recalled or suggestion.gate["rule"] != mode:
        raise RuntimeError(f"{mode}: answered by {suggestion.gate['rule']}, or from memory")


def markdown(title: str, answers: Sequence[Served], beside: Mapping[str, Outcome]) -> str:
    """A table of the card, with the agreement with the completer asked in process.

    Tokens and milliseconds are those of the requests that came first, as where somebody opens a
    file.
    """
    head = [title, "retrieved", "exact match", "edit similarity", "tokens evaluated", "median ms"]
    if beside:
        head += ["as in process", "differs, read the same"]
    body = []
    for mode in MODES:
        shown = [served.shown[mode] for served in answers]
        row = [
            mode,
            f"{statistics.fmean(s.retrieved for s in shown):.0%}",
            cell(bootstrap_interval([float(s.completed.exact) for s in shown])),
            cell(bootstrap_interval([s.completed.edit_similarity for s in shown])),
            _median([s.tokens["evaluated"] for s in shown if s.first]),
            _median([s.ms for s in shown if s.first]),
        ]
        pairs = [
            (served.shown[mode], in_process(beside[served.case.key], mode, served.shown[mode]))
            for served in answers
            if served.case.key in beside
        ]
        if beside:
            row += agreement(pairs)
        body.append(row)
    return table(head, body)


def as_outcome(served: Served) -> Outcome:
    """The blank as `label` keeps it, for `evaluate` and `succession`."""
    shown = served.shown
    return Outcome(
        case=served.case,
        target=served.target,
        without=shown["never"].completed,
        with_context=shown["always"].completed,
        probability=shown["threshold"].forecast,
        greedy=shown["greedy"].retrieved,
        scores=shown["always"].scores,
    )


def in_process(outcome: Outcome, mode: Mode, shown: Shown) -> tuple[str, list[float]]:
    """The text, and the scores of the chunks read, that the outcome holds for this mode."""
    retrieves = {
        "never": False,
        "always": True,
        "greedy": outcome.greedy,
        "threshold": outcome.probability >= shown.threshold,
    }[mode]
    if retrieves:
        return outcome.with_context.text, outcome.scores
    return outcome.without.text, []


def agreement(pairs: Sequence[tuple[Shown, tuple[str, list[float]]]]) -> list[str]:
    """The share of blanks with the same text, and the number with another from the same chunks."""
    if not pairs:
        return ["-", "-"]
    differing = [(s, scores) for s, (text, scores) in pairs if s.completed.text != text]
    odd = sum(s.scores == scores for s, scores in differing)
    return [f"{1 - len(differing) / len(pairs):.1%} of {len(pairs)}", str(odd)]


def _median(ms: Sequence[float]) -> str:
    return f"{statistics.median(ms):.0f}" if ms else "-"


def read(path: Path) -> list[Served]:
    """The blanks kept at `path`; none if there is no such file."""
    served = []
    for record in outcomes.records(path):
        shown = {
            mode: Shown(**{**values, "completed": Completed(**values["completed"])})
            for mode, values in record["shown"].items()
        }
        served.append(Served(CorpusBlank(**record["case"]), record["target"], shown))
    return served


def report(answers: Sequence[Served], beside: Mapping[str, Outcome]) -> str:
    """All tables: over everything, by language and by kind of blank."""
    tables = [markdown(f"{len(answers)} blanks", answers, beside)]
    groups: tuple[Callable[[Served], str], ...] = (
        lambda served: language(served.case.path),
        lambda served: served.case.kind,
    )
    for group in groups:
        for name in sorted({group(served) for served in answers}):
            some = [served for served in answers if group(served) == name]
            tables.append(markdown(f"{name}, {len(some)} blanks", some, beside))
    return "\n\n".join(tables)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    budgets.add_option(
        parser,
        otherwise="by default the server chooses, which for some models depends on the machine",
    )
    parser.add_argument("--servers", type=int, default=2, help="at once")
    parser.add_argument(
        "--beside", type=Path, help="the outcomes that `label` made of the same blanks"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--outcomes", type=Path, help="write the blanks there as `label` would, too"
    )
    args = parser.parse_args()
    cut_torn_line(args.out)
    answers = read(args.out)
    done = {served.case.key for served in answers}
    todo = packages_to_do(args.corpus, args.n, seed=args.seed, done=done)
    with args.out.open("a", encoding="utf-8") as out:

        def keep(served: Served) -> None:
            out.write(json.dumps(asdict(served)) + "\n")
            out.flush()
            answers.append(served)
            if len(answers) % BLANKS_PER_JOB == 0:
                print(f"{len(answers)} answered", flush=True)

        budget = budgets.of(args)
        asyncio.run(measure(todo, args.model, budget=budget, servers=args.servers, keep=keep))
    if args.outcomes:
        lines = [json.dumps(asdict(as_outcome(served))) + "\n" for served in answers]
        write_text(args.outcomes, "".join(lines))
    beside = outcomes.read(args.beside) if args.beside else []
    print(report(answers, {outcome.case.key: outcome for outcome in beside}))


if __name__ == "__main__":
    main()
