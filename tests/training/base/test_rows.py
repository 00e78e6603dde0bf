"""A row holds the product's own prompts, each branch once, and the teacher's beside them."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from training.base import documents, rows
from training.base.documents import Document, Documents
from training.base.rows import CC, EOF, FIM_MIDDLE, Kind, batches, endless, for_teacher, sequence
from training.base.sample import of_package
from training.corpus import SourceFile
from training.edition import BASE
from training.examples import Sampling
from training.tokenizer import SPECIAL, Vocabulary

from sidelong.engine import prompt

LENGTH = 2048


def document(suffix: str = "", context: str = "", *, in_query: bool = False) -> Document:
    """A document of single letters, each its code point as a token."""
    parts = [[ord(c) for c in part] for part in (suffix, "lmn", "tu", context)]
    return documents.pack([(parts, in_query)])[0]


def learned(d: Document, kind: Kind) -> list[tuple[int, int]]:
    """Each token from which something of this kind is learned, and the token that follows it."""
    made = sequence(d)
    at = np.flatnonzero(made.kinds == kind)
    return list(zip(made.ids[at].tolist(), made.next_ids[at].tolist(), strict=True))


def letters(pairs: list[tuple[int, int]]) -> str:
    return "".join(chr(after) for _, after in pairs)


def test_the_ids_are_those_of_the_vocabulary(vocab: Vocabulary) -> None:
    names = [rows.EOS, rows.FIM_PREFIX, FIM_MIDDLE, rows.FIM_SUFFIX, rows.FILE_SEP, EOF, CC]
    assert [vocab.texts[i] for i in names] == list(SPECIAL)


def test_both_branches_are_the_products_prompts(vocab: Vocabulary, data: Documents) -> None:
    d = next(data[i] for i in range(len(data)) if len(data[i].context))
    made = sequence(d)
    looked = prompt.decision_prompt(
        vocab.special, suffix=d.suffix.tolist(), prefix=d.prefix.tolist()
    )
    without = made.ids[made.branches != rows.WITH].tolist()
    assert without == prompt.abstain_prompt(vocab.special, looked) + d.target.tolist()
    with_context = made.ids[made.branches != rows.WITHOUT].tolist()
    context = d.context.tolist()
    assert (
        with_context == prompt.retrieve_prompt(vocab.special, looked, context) + d.target.tolist()
    )
    assert made.positions[made.branches != rows.WITH].tolist() == list(range(len(without)))
    assert made.positions[made.branches != rows.WITHOUT].tolist() == list(range(len(with_context)))
    assert len(made.ids) == d.n_tokens


def test_each_token_of_the_text_is_learned_once_and_the_target_in_both_branches() -> None:
    d = document("rs", "!xy")
    assert letters(learned(d, Kind.TEXT)) == "rslmn"
    assert letters(learned(d, Kind.TARGET)) == "tu"
    assert letters(learned(d, Kind.CONTEXT)) == "xy"
    assert letters(learned(d, Kind.TARGET_WITH_CONTEXT)) == "tu"
    assert learned(d, Kind.TARGET)[0][0] == FIM_MIDDLE


def test_a_decision_is_learned_where_chunks_were_found_without_the_targets_help() -> None:
    assert [token for token, _ in learned(document(context="x"), Kind.DECISION)] == [EOF]
    assert learned(document(context="x", in_query=True), Kind.DECISION) == []
    assert learned(document(), Kind.DECISION) == []


def test_the_teacher_is_asked_at_the_same_tokens(data: Documents) -> None:
    for d in (document("rs", "x"), document(), data[0], data[5]):
        made, theirs = sequence(d), for_teacher(d)
        at = np.flatnonzero(made.taught >= 0)
        wanted = np.isin(made.kinds, (Kind.TEXT, Kind.TARGET))
        assert at.tolist() == np.flatnonzero(wanted).tolist()
        assert made.next_ids[at].tolist() == theirs[made.taught[at] + 1].tolist()


def test_every_document_stands_whole_in_a_row_once_an_epoch(data: Documents) -> None:
    order = islice(endless(len(data), seed=3), len(data))
    tokens = n = 0
    for made, n_documents in batches(data, order, n_rows=2, length=LENGTH):
        assert made.ids.shape == (2, LENGTH)
        tokens += rows.n_tokens(made)
        n += n_documents
        for row in range(2):
            numbers = made.documents[row][made.documents[row] >= 0]
            assert (np.diff(numbers) >= 0).all()
            same = made.starts[row][: len(numbers)]
            assert (same == np.searchsorted(numbers, numbers)).all()
    assert n == len(data)
    assert tokens == sum(data[i].n_tokens for i in range(len(data)))


def test_a_run_that_goes_on_sees_the_documents_that_follow(data: Documents) -> None:
    n = len(data)
    whole = list(islice(endless(n, seed=1), 2 * n + 5))
    assert sorted(whole[:n]) == sorted(whole[n : 2 * n]) == list(range(n))
    assert whole[:n] != whole[n : 2 * n]
    assert list(islice(endless(n, seed=1, start=n + 3), n + 2)) == whole[n + 3 :]


def test_a_document_longer_than_a_row_is_an_error(data: Documents) -> None:
    with pytest.raises(ValueError, match="do not fit a row of 16"):
        next(batches(data, iter([0]), n_rows=1, length=16))


def test_documents_keep_to_the_budget_and_survive_the_disk(
    data: Documents, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("documents") / "d.npz"
    documents.write(path, documents.join([data, data]))
    again = documents.read(path)
    assert len(again) == 2 * len(data)
    budget = [BASE.suffix, BASE.prefix, BASE.generated, BASE.context]
    assert (again.lengths <= budget).all()
    for i in range(len(data)):
        for part in ("suffix", "prefix", "target", "context"):
            theirs = getattr(again[len(data) + i], part)
            assert theirs.tolist() == getattr(data[i], part).tolist()


def test_a_package_gives_the_same_documents_again_and_another_seed_others(
    vocab: Vocabulary, files: list[SourceFile]
) -> None:
    sampling = Sampling(chars_per_blank=3000, context_share=0.5)
    first = list(of_package(vocab, files, sampling))
    assert first == list(of_package(vocab, files, sampling))
    other = list(of_package(vocab, files, Sampling(chars_per_blank=3000, seed=2)))
    assert [p.target for p, _ in first] != [p.target for p, _ in other]
