"""Find the threshold that suits a workspace, by completing blanks of its own code.

The best edit similarity decides, among the thresholds whose mean latency is within --budget.
A small correction of the decision by the model's state is fitted beside it.
What either gains is judged on files that it was not chosen on; a correction counts only if it is
surely better.
On your word the threshold is written to your own config file for that folder, and the correction
to your cache folder; never into the workspace.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path

from sidelong import learnt, paths
from sidelong.acceptance import margin, moved, too_unsure, total
from sidelong.cli.calibrating import Studied, study
from sidelong.cli.calibration_report import Findings, Taken, record, show
from sidelong.cli.config import load_config
from sidelong.cli.evaluating import Evaluated, add_sampling_options
from sidelong.cli.index import FolderError
from sidelong.cli.parser import positive
from sidelong.cli.question import can_ask, confirmed
from sidelong.cli.user_config import write_threshold
from sidelong.engine import Correction
from sidelong.errors import SidelongError
from sidelong.evaluation.calibration import calibrate, correct
from sidelong.evaluation.correcting import FOLDS
from sidelong.settings import Settings

INTERRUPTED = 130


class CalibrationError(SidelongError):
    """There is nothing to choose between, or nowhere to keep the choice."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong calibrate`."""
    add_sampling_options(parser, n=200)
    parser.add_argument(
        "--budget", type=positive, metavar="MS", help="the mean latency that is allowed"
    )
    parser.add_argument("--write", action="store_true", help="write it without asking")
    parser.add_argument("--json", action="store_true", help="print JSON; never asks")
    parser.add_argument(
        "--forget", action="store_true", help="only delete what was learnt about the folder"
    )


def run(args: Namespace) -> int:
    """Print what was found and offer to keep it; 130 if it was interrupted."""
    if not args.folder.is_dir():
        raise FolderError(f"{args.folder} is no folder. Give the folder to calibrate for.")
    root = args.folder.resolve()
    if args.forget:
        return _forget(root)
    config = load_config(root, model=args.model, policy=args.policy, threads=args.threads)
    for message in (*config.problems, *_unused(config.settings)):
        print(f"sidelong: {message}", file=sys.stderr)
    found = _find(study(args, config), args.budget)
    proposal = None if found.evaluated.partial else Proposal.of(found)
    if not args.json:
        show(found)
    written = proposal is not None and (args.write or (not args.json and _asked(proposal, root)))
    if written and proposal is not None:
        proposal.keep(root)
    if args.json:
        print(json.dumps(record(found, written=written)))
    elif written:
        print(f"Written to {paths.config_file()}.")
    return INTERRUPTED if found.evaluated.partial else 0


@dataclass(frozen=True)
class Proposal:
    """What is to be kept: a threshold, and what becomes of the folder's correction."""

    threshold: float
    correction: Correction | None = None
    """The one that the threshold is for."""
    corrects_as_before: bool = False
    """Whether a correction that was kept before stays, where there is no new one."""

    @staticmethod
    def of(found: Findings) -> Proposal | None:
        """The correction if it is surely better, else a better threshold, else what was taken.

        Blanks come before acceptance, since they show the same place with retrieval and without.
        """
        threshold, correction = found.threshold, found.correction
        if correction is not None and correction.worthwhile:
            return Proposal(correction.chosen.threshold, correction.correction)
        if threshold.worthwhile:
            return Proposal(threshold.chosen.threshold)
        step = found.taken.margin.step
        if not step or threshold.budget_ms is not None:
            return None
        return Proposal(float(f"{moved(threshold.current.threshold, step):.4g}"), None, True)

    def keep(self, root: Path) -> None:
        """Write it down, in the cache folder and then in the config file, which editors watch.

        Raises `CalibrationError` if the correction cannot be kept, and `SettingsError` or
        `OSError` if the threshold cannot be; then all is as it was.
        """
        before = learnt.load_correction(root)
        self._keep_correction(root)
        try:
            write_threshold(paths.config_file(), root, self.threshold)
        except (SidelongError, OSError):
            if before is not None:
                learnt.save_correction(root, before)
            elif self.correction is not None:
                learnt.forget_correction(root)
            raise

    def _keep_correction(self, root: Path) -> None:
        if self.correction is None and not self.corrects_as_before:
            learnt.forget_correction(root)
        if self.correction is not None and not learnt.save_correction(root, self.correction):
            raise CalibrationError(
                f"The correction cannot be written to {paths.learnt_dir()}, so nothing was. "
                "Make room there, or set SIDELONG_CACHE_DIR to another folder."
            )


def _find(studied: Studied, budget_ms: float | None) -> Findings:
    evaluated = studied.evaluated
    trials, current = evaluated.trials, evaluated.threshold
    in_use = _in_use(studied)
    threshold = calibrate(
        trials, current=current, budget_ms=budget_ms, asked=studied.asked, in_use=in_use
    )
    if threshold is None or studied.asked is None:
        raise CalibrationError(_why_not(evaluated))
    correction = correct(
        trials,
        asked=studied.asked,
        hidden=studied.hidden,
        models=studied.models,
        current=current,
        budget_ms=budget_ms,
        in_use=in_use,
    )
    counts = learnt.load_counts(evaluated.root).get(studied.models, {})
    taken = Taken(total(counts.values()), margin(counts, current), too_unsure(counts))
    return Findings(evaluated, threshold, correction, taken)


def _in_use(studied: Studied) -> list[float] | None:
    """What an editor compares with the threshold: P(<cc>), corrected where that is kept.

    A correction that was fitted on some of these very blanks looks a little better than it is.
    """
    kept = learnt.load_correction(studied.evaluated.root)
    if studied.asked is None or kept is None or kept.models != studied.models:
        return studied.asked
    return [kept.of(p, state) for p, state in zip(studied.asked, studied.hidden, strict=True)]


def _forget(root: Path) -> int:
    gone = learnt.forget(root)
    for file in gone:
        print(f"Deleted {file}.")
    if not gone:
        print(f"Nothing was learnt about {root}.")
    return 0


def _unused(settings: Settings) -> list[str]:
    if settings.retrieval == "auto" and settings.rule == "threshold":
        return []
    return [
        "The settings for this folder do not use a threshold. Set retrieval.mode to auto and "
        "retrieval.rule to threshold, or what is found here has no effect."
    ]


def _why_not(evaluated: Evaluated) -> str:
    if len(evaluated.trials) < FOLDS:
        return f"{len(evaluated.trials)} blanks are too few to choose by. Ask for more with -n."
    return f"{evaluated.model} has no token to decide with. Use the default model."


def _asked(proposal: Proposal, root: Path) -> bool:
    """Whether the user says yes; no where nobody can be asked."""
    if not can_ask():
        print("Not written: run it again with --write.")
        return False
    what = f"Use {proposal.threshold:.4g}{' and the correction' if proposal.correction else ''}"
    return confirmed(f"{what} in {root}? It is written to {paths.config_file()}.")
