"""The gain of deciding by the token and by the best chunk's score together.

P(<cc>) says before any search whether to look; the best Jaccard score says afterwards whether the
chunks resemble the code around the cursor. A line through both is fitted by least squares on the
gain in edit similarity of some evaluations, and judged on others, where each rule retrieves the
same share of the blanks.

    sidelong eval PACKAGE -n 400 --json > PACKAGE.json      # for each of them
    python -m bench.joint --fit A.json B.json --judge C.json D.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sidelong.cli.calibrate.fitting import ridge
from sidelong.engine import Values, log_odds
from sidelong.evaluation.decision import auc
from sidelong.evaluation.metrics import bootstrap_interval
from sidelong.evaluation.words import signed

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


def read(files: Sequence[Path]) -> tuple[Values, Values]:
    """Log-odds of P(<cc>) and the best score [N, 2], and what retrieving gained [N]."""
    features, gains = [], []
    for file in files:
        for trial in json.loads(file.read_text(encoding="utf-8"))["trials"]:
            never, always = trial["modes"]["never"], trial["modes"]["always"]
            score = max((chunk["score"] for chunk in always["chunks"]), default=0.0)
            features.append((log_odds(never["probability"]), score))
            gains.append(always["edit_similarity"] - never["edit_similarity"])
    return np.array(features), np.array(gains)


def forecasts(fit: tuple[Values, Values], judge: Values) -> dict[str, Values]:
    """The value that each rule ranks the blanks by."""
    features, gains = fit
    free = np.column_stack([np.ones(len(features)), features])
    beta, _ = ridge(free, np.zeros((len(features), 1)), gains, np.array([1.0]))
    both = np.column_stack([np.ones(len(judge)), judge]) @ beta[:, 0]
    return {"token": judge[:, 0], "score": judge[:, 1], "both": both}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", type=Path, nargs="+", required=True)
    parser.add_argument("--judge", type=Path, nargs="+", required=True)
    args = parser.parse_args()
    fitted, (features, gains) = read(args.fit), read(args.judge)
    rules = forecasts(fitted, features)
    print(f"fitted on {len(fitted[1])} blanks, judged on {len(gains)}: never +0.0, ", end="")
    print(f"always {100 * gains.mean():+.2f}, right each time {100 * gains.clip(0).mean():+.2f}")
    for name, forecast in rules.items():
        print(f"{name:6s} AUC {auc(forecast, gains > 0):.3f}")
    for share in SHARES:
        retrieve = {name: f >= np.quantile(f, 1 - share) for name, f in rules.items()}
        said = ", ".join(f"{name} {100 * (r * gains).mean():+.2f}" for name, r in retrieve.items())
        more = bootstrap_interval((gains * (1.0 * retrieve["both"] - retrieve["token"])).tolist())
        print(f"retrieving {100 * share:.0f} %: {said}; both over token {signed(more)}")


if __name__ == "__main__":
    main()
