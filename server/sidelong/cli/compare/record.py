"""A comparison of two models as JSON values; pure, and docs/evaluate.md documents the names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sidelong.cli.compare.findings import Comparison, PlugIn
from sidelong.evaluation.record import plain, trial_record
from sidelong.evaluation.run import Trial


def comparison_record(
    comparison: Comparison, *, old: Sequence[PlugIn], new: Sequence[PlugIn]
) -> dict[str, Any]:
    """The comparison, and the worth of a policy to each model."""
    record: dict[str, Any] = plain(asdict(comparison))
    record["deciding"] = {role: record.pop(role) for role in ("old", "new")}
    record["plug_in"] = {
        role: [plain(asdict(way)) for way in ways] for role, ways in (("old", old), ("new", new))
    }
    return record


def pair_record(old: Trial, new: Trial) -> dict[str, Any]:
    """One blank, its target, and each model's completions of it by mode."""
    record = trial_record(old)
    return {**record, "old": record.pop("modes"), "new": trial_record(new)["modes"]}
