"""A rule that cuts what people wrote is too eager: the truth has to pass."""

import random
from pathlib import Path

from sidelong.engine.trim import Trimmer
from sidelong.evaluation.blanks import Kind, sample_blanks

SOURCE = Path(__file__).parents[3] / "server" / "sidelong"
KINDS: tuple[Kind, ...] = ("rest", "line", "body")


def test_what_people_wrote_passes_unchanged() -> None:
    passed, stopped, total = 0, 0, 0
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for blank in sample_blanks(text, rng=random.Random(path.name), n=6, kinds=KINDS):
            before, after = text[: blank.start], text[blank.end :]
            truth = text[blank.start : blank.end]
            trimmer = Trimmer.at(before, after, language="python", max_lines=99)
            trimmed = trimmer.trim(truth)
            total += 1
            passed += (trimmed.text, trimmed.replace_after) == (truth, 0)
            stopped += trimmer.should_stop(truth)
    assert total > 100
    assert passed >= 0.98 * total
    assert stopped <= 0.02 * total
