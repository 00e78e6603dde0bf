"""One edition against the one before, on the same blanks: the flips of a new default.

Reads the outcomes that `label` kept of both, each at its own threshold. The comparison itself is
that of `sidelong compare`; times are not compared here.

    python -m training.succession OLD/held_out_outcomes.jsonl NEW/held_out_outcomes.jsonl \\
        --thresholds 0.0595 0.1 --corpus NEW/held_out.jsonl
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import get_args

from sidelong.cli.compare.findings import Comparison, compare
from sidelong.engine.gate import Decision
from sidelong.engine.request import Tokens
from sidelong.evaluation.blanks import Blank, Kind
from sidelong.evaluation.cases import Case, File
from sidelong.evaluation.metrics import Interval, identifier_match, repoeval_edit_similarity
from sidelong.evaluation.run import Completion, Mode, Trial
from sidelong.language import language_id
from training.corpus import SourceFile, read
from training.outcomes import Outcome
from training.outcomes import read as read_outcomes

KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


def trials(
    outcomes: Iterable[Outcome], files: Sequence[SourceFile], threshold: float
) -> dict[str, Trial]:
    """Each outcome as a trial of the product's evaluation, by the blank's key."""
    texts = {(file.package, file.path): file.text for file in files}
    made = {}
    for outcome in outcomes:
        cut = outcome.case
        blank = Blank(cut.start, cut.end, KINDS[cut.kind])
        language = language_id(PurePath(cut.path))
        file = File(f"{cut.package}/{cut.path}", language, texts[cut.package, cut.path])
        case = Case(file, blank)
        wanted = outcome.probability >= threshold
        made[cut.key] = Trial(
            case,
            {
                "never": _completion(case, "never", outcome, False, threshold),
                "always": _completion(case, "always", outcome, True, threshold),
                "threshold": _completion(case, "threshold", outcome, wanted, threshold),
            },
        )
    return made


def _completion(
    case: Case, mode: Mode, outcome: Outcome, retrieved: bool, threshold: float
) -> Completion:
    completed = outcome.with_context if retrieved else outcome.without
    text, target = completed.text, outcome.target
    return Completion(
        path=case.file.path,
        blank=case.blank,
        mode=mode,
        text=text,
        target=target,
        exact=completed.exact,
        edit_similarity=completed.edit_similarity,
        first_line=text.split("\n")[0].strip() == target.split("\n")[0].strip(),
        identifiers=identifier_match(text, target, language=case.file.language),
        repoeval_similarity=repoeval_edit_similarity(text, target),
        gate=Decision(
            outcome.probability, threshold, "threshold" if mode == "threshold" else mode, retrieved
        ),
        chunks=(),
        tokens=Tokens(),
        ms={},
    )


def between(
    old: Sequence[Outcome],
    new: Sequence[Outcome],
    files: Sequence[SourceFile],
    *,
    thresholds: tuple[float, float],
) -> Comparison:
    """Both editions on the blanks that both completed."""
    before, after = trials(old, files, thresholds[0]), trials(new, files, thresholds[1])
    both = [key for key in before if key in after]
    return compare([before[key] for key in both], [after[key] for key in both])


def markdown(comparison: Comparison) -> str:
    """The table of the card."""

    def points(i: Interval) -> str:
        return f"{100 * i.mean:+.1f} ({100 * i.low:+.1f} to {100 * i.high:+.1f})"

    lines = ["| as served | blanks | exact match | edit similarity |", "|---|---|---|---|"]
    for row in comparison.rows:
        if row.mode != "threshold":
            continue
        changes = [
            f"{100 * c.old:.1f} to {100 * c.new:.1f}, {points(c.difference)}"
            for c in (row.exact, row.edit_similarity)
        ]
        lines.append(f"| {row.kind} | {row.n} | {changes[0]} | {changes[1]} |")
    lines += ["", "| flips | blanks | right to wrong | of the right | wrong to right |"]
    lines.append("|---|---|---|---|---|")
    for flips in comparison.flips:
        rates = [f"{100 * rate.mean:.1f} %" for rate in (flips.negative_rate, flips.positive_rate)]
        lost = f"{100 * flips.negative_of_right:.1f} %"
        lines.append(
            f"| {flips.kind} | {flips.n} | {flips.negative} ({rates[0]}) | {lost} "
            f"| {flips.positive} ({rates[1]}) |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--thresholds", type=float, nargs=2, required=True)
    args = parser.parse_args()
    old, new = read_outcomes(args.old), read_outcomes(args.new)
    first, second = args.thresholds
    comparison = between(old, new, list(read(args.corpus)), thresholds=(first, second))
    print(markdown(comparison))


if __name__ == "__main__":
    main()
