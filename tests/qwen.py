"""What the tests of a real Qwen2.5-Coder share: the file that `SIDELONG_QWEN` names, and places."""

from __future__ import annotations

import os

import pytest

FILE = os.environ.get("SIDELONG_QWEN") or None

needs_file = pytest.mark.skipif(FILE is None, reason="SIDELONG_QWEN names no file")

ABOVE = "def total(prices):\n    result = 0\n    for price in prices:\n"
BELOW = "\n    return result\n"

in_every_place = pytest.mark.parametrize(
    ("typed", "after"),
    [("        res", BELOW), ("        ", BELOW), ("        result += pr", ""), ("", "")],
    ids=["mid-word", "bare-indentation", "no-suffix", "line-start"],
)
with_either_line_end = pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
