"""The mapped pages of a model's file, once it is loaded."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.mapped import give_back, mappings
from sidelong.engine.model.protocol import Cancel

MAPS = """\
7f0000000000-7f0000200000 r--s 00000000 fe:00 123                        /models/a b.gguf
7f0000200000-7f0000300000 rw-p 00000000 fe:00 123                        /models/a b.gguf
7f0000300000-7f0000400000 r--s 00000000 fe:00 124                        /models/a b.gguf.old
7f0000400000-7f0000500000 rw-p 00000000 00:00 0
7f0000500000-7f0000501000 r--s 001fe000 fe:00 123                        /models/a b.gguf
"""


def test_only_what_is_mapped_from_the_file_and_cannot_be_written_to_is_given_back() -> None:
    found = list(mappings(MAPS.splitlines(), "/models/a b.gguf"))
    assert found == [
        (0x7F0000000000, 0x7F0000200000),
        (0x7F0000500000, 0x7F0000501000),
    ]


def test_a_file_that_is_not_mapped_has_nothing_to_give_back(tmp_path: Path) -> None:
    assert give_back(tmp_path / "absent.gguf") == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages are told by Linux alone")
def test_pages_go_once_the_model_is_loaded_and_come_back_when_read(default_model: Path) -> None:
    model = LlamaModel(default_model, threads=1)
    assert resident(default_model) < default_model.stat().st_size / 2
    tokens = model.tokenize("def area(width, height):\n    return width")
    before = model.evaluate(tokens, rows=1, cancel=Cancel()).logits
    assert give_back(default_model) > default_model.stat().st_size / 2
    model.forget()
    np.testing.assert_array_equal(model.evaluate(tokens, rows=1, cancel=Cancel()).logits, before)
    model.close()


def resident(path: Path) -> int:
    """Bytes of all mappings of the file that are in memory."""
    sizes, ours = [], False
    for line in Path("/proc/self/smaps").read_text("utf-8").splitlines():
        if not line.split(" ")[0].endswith(":"):
            ours = line.endswith(str(path.resolve()))
            sizes += [0] if ours else []
        elif ours and line.startswith("Rss:"):
            sizes[-1] += 1024 * int(line.split()[1])
    assert sizes, "the model is not mapped"
    return sum(sizes)
