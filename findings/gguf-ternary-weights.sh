#!/usr/bin/env bash
# Package: gguf 0.19.0 (with numpy 2.4.6; Python 3.11 or later)
#
# Behaviour: of weights that are all -1, 0 or 1, and sum to zero, the formats of 4 to 6 bits that
# come to mind first (Q4_0, Q4_1, Q5_0, Q5_1) lose at least one of the three values and shift the
# mean, though each has 16 or 32 levels for them. Formats with fewer bits (TQ1_0 of 1.69, MXFP4 of
# 4.25) keep every weight. More levels, or a second parameter a block, do not help:
#   Q4_0, Q5_0: one scale a block, and levels from -8 to 7 (-16 to 15). The scale's sign follows the
#     largest weight, the first of equals; that one is exact, and its opposite lacks one level. So
#     which of the two values survives depends on the order of the weights in the block.
#   Q4_1, Q5_1: an even number of levels from the least weight to the greatest, so none is in the
#     middle: there is no zero, and every weight that was zero now has the same nonzero value.
#
# Seen (the format, its bits a weight, the values that come back, their mean):
#     Q4_0   4.50  -0.8750  0.0000  1.0000  mean  0.0312   a 1 stands first
#     Q4_0   4.50  -1.0000  0.0000  0.8750  mean -0.0312   a -1 stands first
#     Q5_0   5.50  -0.9375  0.0000  1.0000  mean  0.0156   a 1 stands first
#     Q4_1   5.00  -1.0000 -0.0669  0.9995  mean -0.0336   a 1 stands first
#     Q5_1   6.00  -1.0000  0.0322  0.9999  mean  0.0161   a 1 stands first
#     TQ1_0  1.69  -1.0000  0.0000  1.0000  mean  0.0000   a 1 stands first
#     MXFP4  4.25  -1.0000  0.0000  1.0000  mean  0.0000   a 1 stands first
#
# Why one would guess otherwise: three values fit in 16 levels with room to spare, so a network of
# ternary weights should survive any of these formats, and better the more bits it gets; rounding
# errors ought to cancel over weights that sum to zero. Here they all point one way.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check gguf==0.19.0 numpy==2.4.6

cat > "$work/ternary.py" <<'PYTHON'
import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize

ONE_FIRST = np.tile(np.array([1, 0, -1, 0], np.float32), 64)[None]
assert ONE_FIRST.sum() == 0


def back(weights, name):
    kind = GGMLQuantizationType[name]
    stored = quantize(weights, kind)
    values = dequantize(stored, kind)
    kept = [float(values[weights == w].mean()) for w in (-1, 0, 1)]
    for w, one in zip((-1, 0, 1), kept):
        assert np.all(values[weights == w] == np.float32(one)), "one value each"
    bits = 8 * stored.size / weights.size
    shown = " ".join(f"{value + 0.0:7.4f}" for value in kept)
    first = "a 1" if weights[0, 0] == 1 else "a -1"
    print(f"{name:6} {bits:.2f}  {shown}  mean {values.mean():7.4f}   {first} stands first")
    return values


for name, levels in (("Q4_0", 16), ("Q5_0", 32)):
    values = back(ONE_FIRST, name)
    assert np.all(values[ONE_FIRST == 1] == 1)
    assert np.all(values[ONE_FIRST == -1] == -1 + 2 / levels)
    turned = np.roll(ONE_FIRST, 2)  # the same weights, now with a -1 first in each block
    values = back(turned, name)
    assert np.all(values[turned == -1] == -1)
    assert np.all(values[turned == 1] == 1 - 2 / levels)
for name, levels in (("Q4_1", 16), ("Q5_1", 32)):
    zeros = back(ONE_FIRST, name)[ONE_FIRST == 0]
    assert np.all(np.abs(np.abs(zeros) - 1 / (levels - 1)) < 1e-3), zeros
    assert np.all(zeros == zeros[0])
for name in ("TQ1_0", "MXFP4"):
    assert np.array_equal(back(ONE_FIRST, name), ONE_FIRST)
PYTHON
"$work/venv/bin/python" "$work/ternary.py"
