"""The time from a keystroke to ghost text in Neovim, with the real server.

A measurement, not a test: it asserts nothing about time, and pytest runs it only if it is named.

    python -m pytest -s tests/editors/nvim/latency.py
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Start = Callable[..., Any]

KEYSTROKES = 120

WATCH = """
local draw, request = require('sidelong.ghost.draw'), require('sidelong.ghost.request')
_G.drawn, _G.asked = nil, false
local show, ask = draw.show, request.ask
draw.show = function(...)
  show(...)
  _G.drawn = tostring(vim.uv.hrtime())
end
request.ask = function(...)
  _G.asked = true
  ask(...)
end
"""
SEEN = "return { _G.drawn or '', _G.asked }"
RESET = "_G.drawn, _G.asked = nil, false"
PENDING = """
local client = require('sidelong.server').client(0)
for _, sent in pairs(client.requests) do
  if sent.type == 'pending' then return true end
end
return false
"""


def real_file() -> tuple[str, str]:
    """The beginning of a real module, and what stands there next."""
    text = Path(argparse.__file__).read_text(encoding="utf-8")
    cut = text.index("    def add_argument(self")
    return text[:cut].rstrip("\n"), text[cut:]


def spread(values: Sequence[float]) -> str:
    ordered = sorted(values)
    tail = ordered[int(0.9 * (len(ordered) - 1))]
    return f"{len(values)} times, median {statistics.median(values):.1f} ms, 90 % {tail:.1f} ms"


def test_from_a_keystroke_to_ghost_text(start: Start, tmp_path: Path) -> None:
    before, typed = real_file()
    begun = time.monotonic_ns()
    nvim = start(settings={"minProbability": 0})
    nvim.edit("a.py", f"{before}\n$0\n")
    nvim.insert("    def ")
    nvim.until_ghost()
    first = time.monotonic_ns() - begun
    nvim.until_indexed()
    nvim.lua(WATCH)
    asked: list[float] = []
    along: list[float] = []
    for character in typed[8 : 8 + KEYSTROKES]:
        nvim.lua(RESET)
        pressed = time.monotonic_ns()
        nvim.type("<lt>" if character == "<" else "<CR>" if character == "\n" else character)
        # Long enough for the pause and the answer, of which there may be none.
        time.sleep(0.08)
        nvim.until(lambda: not nvim.lua(PENDING))
        drawn, was_asked = nvim.lua(SEEN)
        if drawn:
            (asked if was_asked else along).append((int(drawn) - pressed) / 1e6)
    log = (tmp_path / "server.log").read_text(encoding="utf-8")
    totals = [float(total) for total in re.findall(r": shown, .*total ([\d.]+) ms", log)]
    print(f"\nfrom starting Neovim to the first ghost text: {first / 1e6:.0f} ms")
    print(f"from a keystroke to ghost text, the server asked: {spread(asked)}")
    print(f"  of which the pause is 20 ms, and the server took: {spread(totals)}")
    print(f"from a keystroke to the rest of the same suggestion: {spread(along)}")
