"""The quality that users can expect: `sidelong eval` on three packages no model was trained on.

Prints the tables of bench/README.md. The packages come with the `dev` extra, each in the version
that training/corpus.toml holds out; tests/evaluation/test_held_out.py checks that.

    python -m bench.held_out [-n 400] [--model GGUF] [--reports DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

PACKAGES = {"httpx": "httpx", "openpyxl": "openpyxl", "prompt-toolkit": "prompt_toolkit"}
"""Distributions, and what they are imported as."""


def evaluate(package: str, args: argparse.Namespace) -> dict[str, Any]:
    """The record of `sidelong eval --json` on a package; its progress goes to stderr."""
    folder = str(resources.files(PACKAGES[package]))
    command = [sys.executable, "-m", "sidelong", "eval", folder, "-n", str(args.blanks), "--json"]
    if args.model is not None:
        command += ["--model", str(args.model)]
    if args.reports is not None:
        command += ["--report", str(args.reports / f"{package}.html")]
    # No speed is known there, so that the windows are the models' own on any machine.
    env = {**os.environ, "SIDELONG_SPEED_FILE": os.devnull}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=env)
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(names)]
    lines.append(["---"] * len(lines[0]))
    lines += [list(row) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def interval(value: Mapping[str, float]) -> str:
    return f"{100 * value['mean']:.1f} ({100 * value['low']:.1f} to {100 * value['high']:.1f})"


def mode_rows(package: str, record: Mapping[str, Any]) -> Iterable[list[str]]:
    rows = [row for row in record["rows"] if row["kind"] == "all"]
    (never_ms,) = [row["cost"]["ms"]["mean"] for row in rows if row["mode"] == "never"]
    for row in rows:
        yield [
            package,
            row["mode"],
            f"{row['retrieved']:.0%}",
            interval(row["exact"]),
            interval(row["edit_similarity"]),
            interval(row["identifiers_f1"]),
            f"{row['cost']['evaluated']:.0f}",
            f"{row['cost']['ms']['mean'] / never_ms:.2f}",
        ]


def kind_rows(package: str, record: Mapping[str, Any]) -> Iterable[list[str]]:
    for benefit in record["benefits"][1:]:
        of_kind = {row["mode"]: row for row in record["rows"] if row["kind"] == benefit["kind"]}
        scores = (
            f"{100 * of_kind[mode]['exact']['mean']:.1f} / "
            f"{100 * of_kind[mode]['edit_similarity']['mean']:.1f}"
            for mode in ("never", "always", "threshold")
        )
        yield [package, benefit["kind"], str(benefit["n"]), *scores]


def decision_row(package: str, record: Mapping[str, Any]) -> list[str]:
    overall, gating = record["benefits"][0], record["gating"]
    shares = [f"{overall[name]:.0%}" for name in ("helps", "nothing", "hurts")]
    oracle = f"{100 * overall['oracle']:.1f}"
    if gating is None:
        return [package, *shares, oracle, "–", "–", "–"]
    judged = {judged["rule"]: judged for judged in gating["judged"]}
    aucs = (gating["auc_probability"], gating["auc_score"])
    return [
        package,
        *shares,
        oracle,
        *("–" if auc is None else f"{auc:.2f}" for auc in aucs),
        f"{judged['threshold']['accuracy']:.0%}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--blanks", type=int, default=400)
    parser.add_argument("--model", type=Path, metavar="GGUF")
    parser.add_argument("--reports", type=Path, metavar="DIR", help="keep the HTML reports there")
    args = parser.parse_args()
    if args.reports is not None:
        args.reports.mkdir(parents=True, exist_ok=True)
    records = {package: evaluate(package, args) for package in PACKAGES}

    model, threshold = next((f["model"], f["threshold"]) for f in records.values())
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    print(f"{model}, threshold {threshold}, {args.blanks} blanks each of {versions}\n")
    names = ["package", "retrieval", "retrieved", "exact", "edit similarity", "identifiers (F1)",
             "tokens", "ms to never's"]  # fmt: skip
    print(table(names, (row for p, f in records.items() for row in mode_rows(p, f))))
    names = ["package", "kind", "blanks", "never", "always", "threshold"]
    print(table(names, (row for p, f in records.items() for row in kind_rows(p, f))))
    names = ["package", "helps", "nothing", "hurts", "oracle", "AUC of P(`<cc>`)",
             "AUC of the best chunk's score", "threshold decides right"]  # fmt: skip
    print(table(names, (decision_row(p, f) for p, f in records.items())))


if __name__ == "__main__":
    main()
