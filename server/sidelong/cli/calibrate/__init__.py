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
from argparse import ArgumentParser, Namespace
from pathlib import Path

from sidelong import learnt, paths
from sidelong.acceptance import margin, too_unsure, total
from sidelong.cli.blanks import add_sampling_options
from sidelong.cli.calibrate.calibration import calibrate, correct
from sidelong.cli.calibrate.fitting import FOLDS
from sidelong.cli.calibrate.proposal import CalibrationError, Proposal
from sidelong.cli.calibrate.report import Findings, Taken, record, show
from sidelong.cli.calibrate.study import Studied, study
from sidelong.cli.config import load_config
from sidelong.cli.evaluating import Evaluated
from sidelong.cli.interruption import INTERRUPTED
from sidelong.cli.parser import positive
from sidelong.cli.question import can_ask, confirmed
from sidelong.cli.terminal import warn
from sidelong.cli.workspace import existing_folder
from sidelong.settings import Settings


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
    """Print the findings and offer to keep the better threshold; 130 if it was interrupted."""
    root = existing_folder(args.folder, "calibrate for")
    if args.forget:
        return _forget(root)
    config = load_config(root, model=args.model, policy=args.policy, threads=args.threads)
    warn(*config.problems, *_unused(config.settings))
    findings = _find(study(args, config), args.budget)
    proposal = None if findings.evaluated.partial else Proposal.of(findings)
    if not args.json:
        show(findings)
    written = proposal is not None and (args.write or (not args.json and _asked(proposal, root)))
    if written and proposal is not None:
        proposal.keep(root)
    if args.json:
        print(json.dumps(record(findings, written=written)))
    elif written:
        print(f"Written to {paths.config_file()}.")
    return INTERRUPTED if findings.evaluated.partial else 0


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
    """The probabilities that an editor would compare: P(<cc>), or the kept correction of it.

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
    """True if the user says yes; False where nobody can be asked."""
    if not can_ask():
        print("Not written: run it again with --write.")
        return False
    change = f"Use {proposal.threshold:.4g}{' and the correction' if proposal.correction else ''}"
    return confirmed(f"{change} in {root}? It is written to {paths.config_file()}.")
