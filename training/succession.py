"""One edition against the one before, on the same blanks: what a new default breaks and mends.

Reads what `label` kept of both, each at its own threshold. The comparison itself is
`sidelong.evaluation.comparison`, as in `sidelong compare`; times are not compared here.

    python -m training.succession OLD/held_out_outcomes.jsonl NEW/held_out_outcomes.jsonl \\
        --thresholds 0.0595 0.1 --corpus NEW/held_out.jsonl
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import get_args

from sidelong.engine.gate import Decision
from sidelong.engine.request import Tokens
from sidelong.evaluation.blanks import Blank, Kind
from sidelong.evaluation.comparison import Comparison, compare
from sidelong.evaluation.metrics import Interval, identifier_match, repoeval_edit_similarity
from sidelong.evaluation.run import Case, File, Mode, Outcome, Trial
from sidelong.language import language_id
from training import label
from training.corpus import SourceFile, read

KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


def trials(
    outcomes: Iterable[label.Outcome], files: Sequence[SourceFile], threshold: float
) -> dict[str, Trial]:
    """Each blank as the product's evaluation knows it, by the blank's key."""
    texts = {(file.package, file.path): file.text for file in files}
    made = {}
    for outcome in outcomes:
        where = outcome.case
        blank = Blank(where.start, where.end, KINDS[where.kind])
        language = language_id(PurePath(where.path))
        file = File(f"{where.package}/{where.path}", language, texts[where.package, where.path])
        case = Case(file, blank)
        wanted = outcome.probability >= threshold
        made[where.key] = Trial(
            case,
            {
                "never": _outcome(case, "never", outcome, False, threshold),
                "always": _outcome(case, "always", outcome, True, threshold),
                "threshold": _outcome(case, "threshold", outcome, wanted, threshold),
            },
        )
    return made


def _outcome(
    case: Case, mode: Mode, outcome: label.Outcome, retrieved: bool, threshold: float
) -> Outcome:
    completed = outcome.with_context if retrieved else outcome.without
    text, target = completed.text, outcome.target
    return Outcome(
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
    old: Sequence[label.Outcome],
    new: Sequence[label.Outcome],
    files: Sequence[SourceFile],
    *,
    thresholds: tuple[float, float],
) -> Comparison:
    """Both editions on the blanks that both completed."""
    before, after = trials(old, files, thresholds[0]), trials(new, files, thresholds[1])
    both = [key for key in before if key in after]
    return compare([before[key] for key in both], [after[key] for key in both])


def markdown(found: Comparison) -> str:
    """The table of the card."""

    def points(i: Interval) -> str:
        return f"{100 * i.mean:+.1f} ({100 * i.low:+.1f} to {100 * i.high:+.1f})"

    lines = ["| as served | blanks | exact match | edit similarity |", "|---|---|---|---|"]
    for row in found.rows:
        if row.mode != "threshold":
            continue
        changes = [
            f"{100 * c.old:.1f} to {100 * c.new:.1f}, {points(c.difference)}"
            for c in (row.exact, row.edit_similarity)
        ]
        lines.append(f"| {row.kind} | {row.n} | {changes[0]} | {changes[1]} |")
    lines += ["", "| flips | blanks | right to wrong | of the right | wrong to right |"]
    lines.append("|---|---|---|---|---|")
    for flips in found.flips:
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
    old, new = label.read(args.old), label.read(args.new)
    first, second = args.thresholds
    found = between(old, new, list(read(args.corpus)), thresholds=(first, second))
    print(markdown(found))


if __name__ == "__main__":
    main()
