"""The gain and the cost of alternatives, on the packages of `held_out`.

The first line of a blank may be right in the first suggestion, or in one of those that are offered
for a request by hand; the cost is in tokens decoded and in time.

    python -m bench.alternatives [-n 200]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import resources
from pathlib import Path

from bench.held_out import PACKAGES

from sidelong.engine import Answer, Cancel, Completer, load_model
from sidelong.evaluation.blanks import Kind
from sidelong.evaluation.cases import Case, File, sample_cases
from sidelong.evaluation.run import question, scored
from sidelong.lsp.answering import ALTERNATIVES
from sidelong.paths import default_model
from sidelong.settings import Settings
from sidelong_index import build

KINDS: tuple[Kind, ...] = ("rest", "line", "expression")
"""The kinds that are completed within a line."""


def files(package: str) -> list[File]:
    root = Path(str(resources.files(PACKAGES[package])))
    return [
        File(path.relative_to(root).as_posix(), "python", path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    ]


def is_right(case: Case, answer: Answer) -> bool:
    return scored(case, "threshold", answer).first_line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200, help="blanks of each package")
    n = parser.parse_args().n
    completer = Completer(load_model(default_model(), threads=1))
    right = [0] * (ALTERNATIVES + 1)
    otherwise = offered = total = 0
    decoded = [0, 0]
    ms = [0.0, 0.0]
    for package in PACKAGES:
        package_files = files(package)
        snapshot = build([(file.path, file.text) for file in package_files])
        for case in sample_cases(package_files, n=n, seed=1, kinds=KINDS):
            request = replace(
                question(case, Settings(min_probability=0.0)), alternatives=ALTERNATIVES
            )
            answer = completer.complete(
                request, snapshot=snapshot, cancel=Cancel(), exclude=case.exclusion
            )
            all_of_them = [answer, *answer.alternatives]
            total += 1
            offered += len(answer.alternatives)
            hit = next((i for i, each in enumerate(all_of_them) if is_right(case, each)), None)
            if hit is not None:
                right[hit] += 1
                otherwise += all_of_them[hit].gate.retrieved != answer.gate.retrieved
            decoded[0] += answer.tokens.generated
            decoded[1] += sum(other.tokens.generated for other in answer.alternatives)
            ms[1] += answer.ms["alternatives"]
            ms[0] += sum(answer.ms.values()) - answer.ms["alternatives"]
    print(f"{total} blanks, {offered / total:.2f} alternatives each")
    print(f"first right: {right[0] / total:.1%}; one of all: {sum(right) / total:.1%}")
    print("right at place " + ", ".join(f"{i + 1}: {count}" for i, count in enumerate(right)))
    print(f"of these {otherwise} because the gate was decided otherwise")
    print(
        f"tokens decoded for those that are kept: {decoded[1] / decoded[0]:.2f} times the first's"
    )
    print(f"time: {ms[1] / ms[0]:.2f} times the first's")


if __name__ == "__main__":
    main()
