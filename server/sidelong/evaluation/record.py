"""A summary and its trials as JSON values; pure, and docs/evaluate.md documents the names.

A share of no blanks is null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sidelong.evaluation.cases import Case
from sidelong.evaluation.passing import PassSummary, Verdict
from sidelong.evaluation.run import Completion, Trial
from sidelong.evaluation.summary import Summary


def summary_record(summary: Summary | PassSummary) -> dict[str, Any]:
    """A summary's fields under their names."""
    record: dict[str, Any] = plain(asdict(summary))
    return record


def trial_record(trial: Trial, verdict: Verdict | None = None) -> dict[str, Any]:
    """One blank, its target, its completion in each mode, and the tests' verdict on them."""
    record = {
        "path": trial.case.file.path,
        "line": line_number(trial.case),
        "offset": trial.case.blank.start,
        "kind": trial.case.blank.kind,
        "target": trial.case.target,
        "modes": {
            mode: _completion_record(completion) for mode, completion in trial.completions.items()
        },
    }
    return record if verdict is None else {**record, "tests": _verdict_record(verdict)}


def _verdict_record(verdict: Verdict) -> dict[str, Any]:
    return {
        "noticed": verdict.noticed,
        "passed": dict(verdict.passed),
        "timed_out": sorted(verdict.timed_out),
    }


def line_number(case: Case) -> int:
    """The line of the cursor, from 1."""
    return case.file.text.count("\n", 0, case.blank.start) + 1


def _completion_record(completion: Completion) -> dict[str, Any]:
    return {
        "text": completion.text,
        "exact": completion.exact,
        "edit_similarity": round(completion.edit_similarity, 4),
        "repoeval_similarity": round(completion.repoeval_similarity, 4),
        "first_line": completion.first_line,
        "identifiers_exact": completion.identifiers.exact,
        "identifiers_f1": round(completion.identifiers.f1, 4),
        "probability": completion.gate.probability,
        "corrected": completion.gate.corrected,
        "retrieved": completion.gate.retrieved,
        "chunks": [
            {
                "path": hit.path,
                "start_line": hit.start_line,
                "end_line": hit.end_line,
                "score": round(hit.score, 4),
            }
            for hit in completion.chunks
        ],
        "tokens": asdict(completion.tokens),
        "ms": {stage: round(ms, 2) for stage, ms in completion.ms.items()},
    }


def plain(value: Any) -> Any:
    """The value in lists and dicts, rounded; NaN becomes None."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return value
