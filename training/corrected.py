"""Between stages 8 and 9: outcomes with the forecast that the gate compares in place of P(<cc>).

A model's formula (`decide`) corrects P(<cc>) before the threshold is asked, so the threshold must
be chosen among forecasts. Outcomes of a model without one stay as they are.

    python -m training.corrected WORK/dev_outcomes.jsonl --model WORK/decide.gguf \\
        --out WORK/dev_forecasts.jsonl
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from sidelong.engine.gate import Formula, parse_formula
from training import modelfile
from training.decide import FORMULA
from training.files import write_text
from training.outcomes import Outcome, read


def corrected(outcome: Outcome, formula: Formula | None) -> Outcome:
    """The outcome with its forecast for P(<cc>)."""
    if formula is None:
        return outcome
    forecast = formula.of(outcome.probability, outcome.best, outcome.match)
    return replace(outcome, probability=round(forecast, 6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("outcomes", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="the GGUF that made them")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    field = modelfile.read(args.model).fields.get(FORMULA)
    formula = parse_formula(field.value) if field else None
    lines = [json.dumps(asdict(corrected(o, formula))) + "\n" for o in read(args.outcomes)]
    write_text(args.out, "".join(lines))
    print(f"{args.out}: {len(lines)} outcomes, {'corrected' if formula else 'as they were'}")


if __name__ == "__main__":
    main()
