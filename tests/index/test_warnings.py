"""Messages to the user, each told once while its fact holds."""

from __future__ import annotations

import logging

import pytest

from sidelong_index.warnings import Warnings


def test_a_message_is_told_once_and_again_when_its_fact_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    warnings = Warnings(told.append)
    with caplog.at_level(logging.WARNING):
        for message in ("3 folders", "4 folders"):
            warnings.tell("watches", message)
        warnings.tell("limit", "too many files")
        warnings.take_back("watches")
        warnings.tell("watches", "5 folders")
    assert told == ["3 folders", "too many files", "5 folders"]
    assert [record.getMessage() for record in caplog.records] == told


def test_a_listener_that_fails_does_no_harm() -> None:
    def fail(_: str) -> None:
        raise RuntimeError

    warnings = Warnings(fail)
    warnings.tell("limit", "too many files")
    warnings.tell("limit", "too many files")
