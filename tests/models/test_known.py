"""The list of others' models: in order, of families that are known here, and as `pull` takes it."""

from __future__ import annotations

import pytest

from sidelong.cli.models.pulling import source
from sidelong.engine.model.families import FAMILIES
from sidelong.models.known import KNOWN, Known


def test_the_smallest_come_first() -> None:
    sizes = [model.size_bytes for model in KNOWN]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("model", KNOWN, ids=lambda model: model.repo)
def test_each_is_one_file_of_a_known_family(model: Known) -> None:
    asked = source(model.source)
    assert (asked.repo, asked.file) == (model.repo, model.file)
    assert model.file.endswith(".gguf")
    assert model.family in {family.layout.name for family in FAMILIES}
