"""Models of other families: recognised by their tokens, asked in the format they were trained in.

The expected prompts are the published formats; `sidelong.engine.model.families` says where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.families.conftest import KINDS, write

from sidelong.engine.completer import Completer
from sidelong.engine.loading import load_completer
from sidelong.engine.model.llama import LlamaModel
from sidelong.engine.model.protocol import Cancel
from sidelong.engine.prompt import Budget
from sidelong.engine.request import Answer, Request
from sidelong.engine.view import view
from sidelong.evaluation.engine import ColdEngine
from sidelong.paths import nano_model
from sidelong.settings import Settings, UserSettings
from sidelong_index import Exclusion, build

Heard = Any
Load = Callable[[str], Heard]

ABOVE = "def area(width, height):\n"
TYPED = "    return wi"
BELOW = "\n\nprint(area(2, 3))\n"
OTHER = "def area(width, height):\n    return width * height\n"

SUFFIX_FIRST = ("codestral", "mellum", "seed-coder")

READS = {
    "qwen": f"<|fim_prefix|>{ABOVE}{TYPED}<|fim_suffix|>{BELOW}<|fim_middle|>",
    "codegemma": f"<bos><|fim_prefix|>{ABOVE}{TYPED}<|fim_suffix|>{BELOW}<|fim_middle|>",
    "starcoder2": f"<fim_prefix>{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "granite": f"<fim_prefix>{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "deepseek": "<｜begin▁of▁sentence｜>"
    f"<｜fim▁begin｜>{ABOVE}{TYPED}<｜fim▁hole｜>{BELOW}<｜fim▁end｜>",
    "codellama": f"<s>▁<PRE> {ABOVE}{TYPED}▁<SUF>{BELOW}▁<MID>",
    "codestral": f"<s>[SUFFIX]{BELOW}[PREFIX] {ABOVE}{TYPED}",
    "mellum": f"<fim_suffix>{BELOW}<fim_prefix>{ABOVE}{TYPED}<fim_middle>",
    "seed-coder": "<[begin▁of▁sentence]>"
    f"<[fim-suffix]>{BELOW}<[fim-prefix]>{ABOVE}{TYPED}<[fim-middle]>",
    "repoformer": f"<fim_prefix>{ABOVE}{TYPED}<fim_suffix>{BELOW}<end_rc><fim_middle>",
    "unheard-of": f"<fim_prefix>{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "own": f"<a>{ABOVE}{TYPED}<b>{BELOW}<c>",
}
"""To complete from the open file alone, as it was published."""

READS_WITH_A_CHUNK = {
    "qwen": f"<|repo_name|>shop\n<|file_sep|>shapes.py\n{OTHER}<|file_sep|>main.py\n"
    f"<|fim_prefix|>{ABOVE}{TYPED}<|fim_suffix|>{BELOW}<|fim_middle|>",
    "codegemma": f"<bos><|file_separator|>shapes.py\n{OTHER}<|file_separator|>main.py\n"
    f"<|fim_prefix|>{ABOVE}{TYPED}<|fim_suffix|>{BELOW}<|fim_middle|>",
    "starcoder2": f"<repo_name>shop<file_sep>shapes.py\n{OTHER}<file_sep>"
    f"<fim_prefix>main.py\n{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "granite": f"<fim_prefix><reponame>shop<filename>shapes.py\n{OTHER}<filename>main.py\n"
    f"{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "deepseek": "<｜begin▁of▁sentence｜>"
    f"<｜fim▁begin｜>#shapes.py\n{OTHER}\n#main.py\n{ABOVE}{TYPED}<｜fim▁hole｜>{BELOW}"
    "<｜fim▁end｜>",
    "codellama": f"<s>▁<PRE># shapes.py\n{OTHER}\n# main.py\n{ABOVE}{TYPED}▁<SUF>{BELOW}▁<MID>",
    "codestral": f"<s>[SUFFIX]{BELOW}[PREFIX]+++++ shapes.py\n{OTHER}\n+++++ main.py\n"
    f"{ABOVE}{TYPED}",
    "mellum": f"<filename>shapes.py\n{OTHER}<filename>main.py\n"
    f"<fim_suffix>{BELOW}<fim_prefix>{ABOVE}{TYPED}<fim_middle>",
    "seed-coder": "<[begin▁of▁sentence]>"
    f"<[fim-suffix]>{BELOW}<[fim-prefix]># shapes.py\n{OTHER}\n# main.py\n"
    f"{ABOVE}{TYPED}<[fim-middle]>",
    "repoformer": f"<fim_prefix>{ABOVE}{TYPED}<fim_suffix>{BELOW}<end_rc><cfc_info>\n\n"
    "# Here are some relevant code fragments from other files of the repo:\n\n"
    "# the below code fragment can be found in:\n# shapes.py\n"
    "# def area(width, height):\n#     return width * height\n\n<fim_middle>",
    "unheard-of": f"<fim_prefix># shapes.py\n{OTHER}\n# main.py\n"
    f"{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "own": f"<a># shapes.py\n{OTHER}\n# main.py\n{ABOVE}{TYPED}<b>{BELOW}<c>",
}

ENDS = {
    "qwen": ["<|endoftext|>", "<|im_end|>", "<|file_sep|>", "<|repo_name|>", "<|fim_pad|>"],
    "codegemma": ["<eos>", "<|file_separator|>", "<|fim_prefix|>"],
    "starcoder2": ["<|endoftext|>", "<file_sep>", "<repo_name>"],
    "granite": ["<|endoftext|>", "<filename>", "<reponame>"],
    "deepseek": ["<｜end▁of▁sentence｜>", "<|EOT|>", "<｜fim▁begin｜>"],
    "codellama": ["</s>", "▁<EOT>"],
    "codestral": ["</s>", "[SUFFIX]", "[PREFIX]", "[MIDDLE]"],
    "mellum": ["<|endoftext|>", "<filename>", "<fim_suffix>"],
    "seed-coder": ["<[end▁of▁sentence]>", "<[begin▁of▁sentence]>", "<[fim-suffix]>"],
    "repoformer": ["<|endoftext|>", "<end_rc>"],
    "unheard-of": ["<|endoftext|>", "<fim_pad>"],
    "own": ["<|endoftext|>", "<a>", "<d>"],
}

NAMES = {
    "qwen": "Qwen2.5-Coder",
    "codegemma": "CodeGemma",
    "starcoder2": "StarCoder2",
    "granite": "StarCoder or Granite",
    "deepseek": "DeepSeek-Coder",
    "codellama": "CodeLlama",
    "codestral": "Codestral",
    "mellum": "Mellum",
    "seed-coder": "Seed-Coder",
    "repoformer": "Repoformer",
    "unheard-of": "unknown",
    "own": "unknown",
}

all_families = pytest.mark.parametrize("name", NAMES)
stock_families = pytest.mark.parametrize("name", [name for name in NAMES if name != "repoformer"])


def ask(completer: Completer, typed: str = TYPED, *, above: str = ABOVE, **settings: Any) -> Answer:
    base: dict[str, Any] = {"retrieval": "never", "token_healing": False, "min_probability": 0.0}
    text = above + typed + BELOW
    request = Request(
        "main.py",
        "python",
        text,
        len(above + typed),
        Settings(**base | settings),
        project="shop",
    )
    snapshot = build([("shapes.py", OTHER)])
    return completer.complete(request, snapshot=snapshot, cancel=Cancel())


@all_families
def test_a_family_is_recognised_by_its_tokens(heard: Load, name: str) -> None:
    assert heard(name).special.layout.name == NAMES[name]


@all_families
def test_the_prompt_is_the_published_one(heard: Load, name: str) -> None:
    model = heard(name)
    ask(Completer(model))
    assert model.shown(model.prompts[0]) == READS[name]


@all_families
def test_a_healed_text_stands_where_the_text_to_write_begins(heard: Load, name: str) -> None:
    """The typed part of the line, behind the code after the cursor, costs a keystroke little."""
    model = heard(name)
    ask(Completer(model), token_healing=True)
    kept, _ = model.pieces.split(model.tokenize(TYPED))
    typed = model.shown(kept)
    if name in SUFFIX_FIRST or name == "repoformer":
        expected = READS[name].replace(TYPED, typed)
    else:
        expected = READS[name].replace(TYPED, "") + typed
    assert model.shown(model.prompts[0]) == expected


def test_bare_indentation_that_is_not_healed_stands_before_the_suffix(heard: Load) -> None:
    """Behind it Qwen's models write a space too many, also where a cursor stood before."""
    model = heard("qwen")
    completer = Completer(model)
    for typed in ("    ret", "    return area(\n", "    return area(\n        "):
        model.prompts.clear()
        ask(completer, typed, retrieval="always")
        read = model.shown(model.prompts[0])
        assert read.endswith(f"{ABOVE}{typed}<|fim_suffix|>{BELOW}<|fim_middle|>")


def test_starcoders_tokens_are_mellums_where_the_file_says_so(tmp_path: Path) -> None:
    for name, family in (
        ("Mellum 4b Sft Python", "Mellum"),
        ("mellum-4b-dpo-all", "Mellum"),
        ("Mellum2 12B A2.5B Base", "StarCoder or Granite"),
        ("Granite 3b Code Base", "StarCoder or Granite"),
    ):
        kind = replace(KINDS["granite"], name=name)
        model = LlamaModel(write(tmp_path / "named.gguf", kind), threads=1)
        assert (model.special.layout.name, model.special.suffix_first) == (
            family,
            family == "Mellum",
        )
        model.close()


@all_families
def test_the_prompt_is_the_same_where_lines_end_otherwise(heard: Load, name: str) -> None:
    model = heard(name)
    before, after = (part.replace("\n", "\r\n") for part in (ABOVE + TYPED, BELOW))
    settings = Settings(token_healing=False)
    request = Request("main.py", "python", before + after, len(before), settings)
    assert model.shown(view(model, request, model.budget).prompt) == READS[name]


@all_families
def test_chunks_stand_in_the_models_own_repository_format(heard: Load, name: str) -> None:
    model = heard(name)
    answer = ask(Completer(model), retrieval="always")
    assert answer.gate.retrieved
    read = model.prompts[1 if name == "repoformer" else 0]
    assert model.shown(read) == READS_WITH_A_CHUNK[name]


@all_families
def test_every_end_token_ends_the_text(heard: Load, name: str) -> None:
    for end in ENDS[name]:
        model = heard(name)
        model.writes = [*model.tokenize("dth"), model.id(end), *model.tokenize("junk")]
        assert ask(Completer(model)).text == "dth"


@all_families
def test_a_text_is_tokenised_as_it_stands(heard: Load, name: str) -> None:
    model = heard(name)
    for text in ("def area", " def", "\n    return", "", "\n\n", "ärger"):
        pieces = (model.pieces.pieces[i] for i in model.tokenize(text))
        assert b"".join(pieces).decode() == text


@all_families
def test_a_word_that_was_begun_is_finished(heard: Load, name: str) -> None:
    model = heard(name)
    kept, owed = model.pieces.split(model.tokenize(TYPED))
    assert owed.endswith(b"wi")
    model.writes = [*model.tokenize(owed.decode() + "dth"), model.special.eos]
    assert ask(Completer(model), token_healing=True).text == "dth"
    assert model.shown(kept) in model.shown(model.prompts[0])
    assert TYPED not in model.shown(model.prompts[0])


@all_families
def test_without_a_name_of_the_project_none_is_made_up(heard: Load, name: str) -> None:
    model = heard(name)
    text = ABOVE + TYPED + BELOW
    settings = Settings(retrieval="always", token_healing=False)
    request = Request("main.py", "python", text, len(ABOVE + TYPED), settings)
    snapshot = build([("shapes.py", OTHER)])
    Completer(model).complete(request, snapshot=snapshot, cancel=Cancel())
    read = model.shown(model.prompts[1 if name == "repoformer" else 0])
    assert "{project}" not in read
    assert not any(token in read for token in ("repo_name", "reponame"))


def load(model: Path) -> Completer:
    """A completer on the model, with nano as the shipped one."""
    return load_completer(UserSettings(model=model, threads=1, shipped=nano_model()))


@stock_families
def test_the_shipped_model_decides_for_it(
    family_file: Callable[[str], Path], default_model: Path, name: str
) -> None:
    completer = load(family_file(name))
    answer = ask(completer, retrieval="auto")
    assert (answer.model, answer.policy) == (f"{name}.gguf", default_model.name)
    assert answer.gate.probability is not None
    assert completer.decides
    assert answer.gate.threshold == completer.threshold != completer.model.threshold
    completer.close()


def test_a_model_converted_from_repoformer_decides_for_itself(
    family_file: Callable[[str], Path],
) -> None:
    completer = load(family_file("repoformer"))
    answer = ask(completer, retrieval="auto")
    assert completer.policy is None
    assert answer.policy is None
    assert answer.gate.probability is not None
    completer.close()


@stock_families
def test_typing_evaluates_few_tokens_in_both_models(
    family_file: Callable[[str], Path], name: str
) -> None:
    completer = load(family_file(name))
    above = "class Box:\n" + "    size = 1\n" * 150 + "    def area(self):\n"
    typed = "        return self.width * self.height"
    answers = [
        ask(completer, typed[:n], above=above, retrieval="auto", threshold=1.0, token_healing=True)
        for n in range(8, len(typed))
    ]
    completer.close()
    first, *others = answers
    assert first.tokens.evaluated > 400
    assert first.tokens.policy > 100
    for costs in (
        [answer.tokens.evaluated for answer in others],
        [answer.tokens.policy for answer in others],
    ):
        assert sorted(costs)[len(costs) // 2] <= 3
        assert sum(cost > 8 for cost in costs) <= 1, "the window moves at most once"


@stock_families
def test_the_line_to_complete_is_read_whole_however_much_stands_above(
    heard: Load, name: str
) -> None:
    model, budget = heard(name), Budget(prefix=64, suffix=0, context=0, generated=1)
    typed = "    return 1 + 2 + 3 + 4 + 5"
    for n in range(20):
        before = "    size = 1\n" * n + typed
        settings = Settings(token_healing=False)
        request = Request("a.py", "python", before, len(before), settings)
        prompt = view(model, request, budget).prompt
        end = READS[name][READS[name].index(TYPED) + len(TYPED) :].replace(BELOW, "")
        assert model.shown(prompt).endswith(typed + end)
        assert len(prompt) < budget.total


@pytest.mark.parametrize(("name", "best_last"), [("qwen", True), ("repoformer", False)])
def test_the_best_chunk_stands_where_the_model_was_trained_to_find_it(
    heard: Load, name: str, best_last: bool
) -> None:
    model = heard(name)
    text = ABOVE + TYPED + BELOW
    settings = Settings(retrieval="always", min_probability=0.0)
    request = Request("main.py", "python", text, len(ABOVE + TYPED), settings)
    snapshot = build([("best.py", OTHER), ("other.py", "def circle(radius):\n    return 3\n")])
    answer = Completer(model).complete(request, snapshot=snapshot, cancel=Cancel())
    assert [hit.path for hit in answer.chunks] == ["best.py", "other.py"]
    read = model.shown(model.prompts[1 if name == "repoformer" else 0])
    assert (read.index("best.py") > read.index("other.py")) is best_last


def test_a_cold_engine_forgets_what_the_policy_has_read(
    family_file: Callable[[str], Path],
) -> None:
    completer = load(family_file("qwen"))
    engine = ColdEngine(completer, Cancel())
    request = Request("main.py", "python", ABOVE + TYPED + BELOW, len(ABOVE + TYPED))
    costs = [
        engine(request, snapshot=None, exclude=Exclusion("main.py", 1, 9)).tokens for _ in range(2)
    ]
    completer.close()
    assert costs[0].policy == costs[1].policy > 10
    assert costs[0].evaluated == costs[1].evaluated > 10
