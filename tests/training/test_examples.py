"""Examples are the product's own prompts, with the target healed and never retrieved."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tokenizers")

from training.corpus import SourceFile
from training.decision import examples as decision_examples
from training.examples import Sampling, blanks, example, of_package, retrieve, shape
from training.outcomes import Completed, CorpusBlank, Outcome
from training.tokenizer import SPECIAL, Vocabulary, load, train

from sidelong.evaluation.blanks import Blank
from sidelong_index import build

CONFIG = """\
class Config:
    def __init__(self, path, retries, timeout_ms):
        self.path = path
        self.retries = retries
        self.timeout_ms = timeout_ms
"""
FILLER = "".join(f"def step_{i}(state):\n    return state + {i}\n\n\n" for i in range(20))
USE = FILLER + "def connect(path):\n    config = Config(path, retries=3, timeout_ms=100)\n" + FILLER


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train(iter([CONFIG, USE] * 3), vocabulary=400).save(str(path))
    return load(path)


def blank_of(text: str, piece: str) -> Blank:
    start = text.index(piece)
    return Blank(start, start + len(piece), "rest")


def shown(vocabulary: Vocabulary, ids: list[int]) -> str:
    names = dict(enumerate(vocabulary.texts))
    return "".join(names[i] if names[i] in SPECIAL else vocabulary.text([i]) for i in ids)


def test_without_context_the_middle_follows_eof_at_once(vocabulary: Vocabulary) -> None:
    made = example(vocabulary, "ab = 1\nc = 2\n", blank_of("ab = 1\nc = 2\n", "1"), [])
    text = shown(vocabulary, made.tokens)
    assert text == "<fim_suffix>\nc = 2\n<fim_prefix>ab =<eof><fim_middle> 1<|endoftext|>"
    assert made.middle == made.eof + 1


def test_with_context_the_chunks_stand_between_cc_and_the_middle(vocabulary: Vocabulary) -> None:
    file = SourceFile("p", "use.py", USE)
    blank = blank_of(USE, "retries=3, timeout_ms=100)")
    snapshot = build([("config.py", CONFIG), ("use.py", USE)])
    hits = retrieve(snapshot, file, blank, target_in_query=True)
    made = example(vocabulary, USE, blank, hits)
    context = shown(vocabulary, made.tokens[made.eof + 1 : made.middle + 1])
    assert context.startswith("<cc><file_sep>")
    assert context.endswith("<fim_middle>")


def test_the_lines_around_a_blank_are_never_retrieved_for_it() -> None:
    file = SourceFile("p", "use.py", USE)
    blank = blank_of(USE, "retries=3, timeout_ms=100)")
    snapshot = build([("config.py", CONFIG), ("use.py", USE)])
    for target_in_query in (False, True):
        hits = retrieve(snapshot, file, blank, target_in_query=target_in_query)
        assert hits
        assert not any("timeout_ms=100" in hit.text for hit in hits)


def test_a_target_too_long_is_cut_and_has_no_end(vocabulary: Vocabulary) -> None:
    made = example(vocabulary, FILLER, Blank(0, len(FILLER), "span"), [])
    assert len(made.tokens) - made.middle - 1 == 64
    assert made.tokens[-1] != vocabulary.special.eos


def test_a_package_gives_the_same_examples_again(vocabulary: Vocabulary) -> None:
    files = [SourceFile("p", "config.py", CONFIG), SourceFile("p", "use.py", USE)]
    sampling = Sampling(chars_per_blank=100)
    first = list(of_package(vocabulary, files, sampling))
    assert first == list(of_package(vocabulary, files, sampling))
    with_context = [e for e in first if e.middle > e.eof + 1]
    assert 0 < len(with_context) < len(first)


def test_lines_of_one_shape_do_not_dominate() -> None:
    same = "".join(f"self.assertEqual(f({i}), {i})\n" for i in range(200))
    odd = "".join(f"{'x' * i} {'+' * i} [y]\n" for i in range(1, 41))
    file = SourceFile("p", "a.py", same + odd)
    found = blanks([file], Sampling(chars_per_blank=60))
    lines = [shape(file.text, blank.start) for _, blank in found]
    share = lines.count("self.w(w(w), w)") / len(lines)
    assert len(same) / len(file.text) > 0.7
    assert 0.1 < share < 0.55


def test_a_shape_keeps_a_lines_first_word_and_its_signs() -> None:
    assert shape("a\n    return f('x, y', 1)\nb", 8) == "return w(w, w)"


def test_a_line_of_many_backslashes_has_a_shape_at_once() -> None:
    # The string is not closed; a pattern that tries all readings of it takes for ever.
    line = r'x = /["' + r"\u{FDD0}-\\" * 60
    assert shape(line, 0).startswith("x = /")
    assert shape(r'f("a\"b" + c)', 0) == "f(w + w)"


def test_a_blank_that_ends_its_file_sees_nothing_after_it(vocabulary: Vocabulary) -> None:
    files = [SourceFile("p", "config.py", CONFIG), SourceFile("p", "use.py", USE)]
    sampling = Sampling(chars_per_blank=100, empty_suffix_share=1.0, context_share=1.0)
    for made in of_package(vocabulary, files, sampling):
        assert made.tokens[:2] == [vocabulary.special.fim_suffix, vocabulary.special.fim_prefix]
    blank = blank_of(USE, "retries=3, timeout_ms=100)")
    snapshot = build([("use.py", USE)])
    hits = retrieve(snapshot, files[1], blank, target_in_query=False, empty_suffix=True)
    assert hits
    line = USE[: blank.start].count("\n")
    assert all(hit.start_line < line for hit in hits)


def test_special_tokens_are_plain_text_in_code(vocabulary: Vocabulary) -> None:
    assert not set(vocabulary.tokenize("x = '<cc>'  # <|endoftext|>")) & set(range(len(SPECIAL)))


def test_the_tokenizer_loads_from_its_file_alone(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vocabulary.tokenizer.save(str(tmp_path / "t.json"))
    again = load(tmp_path / "t.json")
    assert again.special == vocabulary.special
    assert again.tokenize(USE) == vocabulary.tokenize(USE)


def test_where_retrieval_helped_cc_follows_eof(vocabulary: Vocabulary) -> None:
    blank = blank_of(USE, "retries=3, timeout_ms=100)")
    case = CorpusBlank("p", "use.py", blank.start, blank.end, "rest")
    good, bad = Completed("", False, 0.9), Completed("", False, 0.1)
    helped = Outcome(case, "", bad, good, 0.5, False, [0.3])
    hurt = Outcome(case, "", good, bad, 0.5, False, [0.3])
    corpus = [[SourceFile("p", "use.py", USE)]]
    first, second = decision_examples(vocabulary, corpus, [helped, hurt], margin=0.0)
    assert first.tokens[first.eof + 1] == vocabulary.special.cc
    assert second.tokens[second.eof + 1] == vocabulary.special.fim_middle
    assert first.tokens[first.middle :] == second.tokens[second.middle :]
