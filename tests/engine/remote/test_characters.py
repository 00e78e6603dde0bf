"""Prompts as text are the published ones, and nothing in somebody's code passes for a token."""

from __future__ import annotations

import pytest

from sidelong.engine.model.families import FAMILIES
from sidelong.engine.prompt import Budget
from sidelong.engine.remote.characters import FORMATS, INFILL, Words, format_named
from sidelong.engine.request import Request
from sidelong.engine.view import view
from sidelong.sections import REMOTE_FORMATS
from sidelong.settings import Settings
from sidelong_index import Hit

ABOVE = "def area(width, height):\n"
TYPED = "    return wi"
BELOW = "\n\nprint(area(2, 3))\n"
OTHER = "def volume(width, height):\n    return width * height\n"

WITH_A_CHUNK = {
    "qwen2.5-coder": f"<|repo_name|>shop\n<|file_sep|>shapes.py\n{OTHER}<|file_sep|>main.py\n"
    f"<|fim_prefix|>{ABOVE}{TYPED}<|fim_suffix|>{BELOW}<|fim_middle|>",
    "codegemma": f"<|file_separator|>shapes.py\n{OTHER}<|file_separator|>main.py\n"
    f"<|fim_prefix|>{ABOVE}{TYPED}<|fim_suffix|>{BELOW}<|fim_middle|>",
    "starcoder2": f"<repo_name>shop<file_sep>shapes.py\n{OTHER}<file_sep>"
    f"<fim_prefix>main.py\n{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "starcoder": f"<fim_prefix><reponame>shop<filename>shapes.py\n{OTHER}<filename>main.py\n"
    f"{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "granite-code": f"<fim_prefix><reponame>shop<filename>shapes.py\n{OTHER}<filename>main.py\n"
    f"{ABOVE}{TYPED}<fim_suffix>{BELOW}<fim_middle>",
    "deepseek-coder": f"<｜fim▁begin｜>#shapes.py\n{OTHER}\n#main.py\n{ABOVE}{TYPED}<｜fim▁hole｜>"
    f"{BELOW}<｜fim▁end｜>",
    "codestral": f"[SUFFIX]{BELOW}[PREFIX]+++++ shapes.py\n{OTHER}\n+++++ main.py\n{ABOVE}{TYPED}",
    "mellum": f"<filename>shapes.py\n{OTHER}<filename>main.py\n"
    f"<fim_suffix>{BELOW}<fim_prefix>{ABOVE}{TYPED}<fim_middle>",
    "seed-coder": f"<[fim-suffix]>{BELOW}<[fim-prefix]># shapes.py\n{OTHER}\n# main.py\n"
    f"{ABOVE}{TYPED}<[fim-middle]>",
    "codellama": f"<PRE># shapes.py\n{OTHER}\n# main.py\n{ABOVE}{TYPED} <SUF>{BELOW} <MID>",
}
BUDGET = Budget(prefix=3000, suffix=1500, context=3000, generated=64)


def request(before: str, after: str = BELOW) -> Request:
    settings = Settings(token_healing=False)
    return Request("main.py", "python", before + after, len(before), settings, project="shop")


@pytest.mark.parametrize("name", FORMATS)
def test_the_prompt_is_the_published_one_in_characters(name: str) -> None:
    characters = format_named(name)
    hit = Hit("shapes.py", 1, 2, 0.5, OTHER, "")
    prompt = view(characters, request(ABOVE + TYPED), BUDGET).with_chunks([hit])
    assert prompt is not None
    assert characters.text(prompt) == WITH_A_CHUNK[name]


def test_codellama_gets_its_leading_space() -> None:
    characters = format_named("codellama")
    prompt = view(characters, request(ABOVE + TYPED), BUDGET).prompt
    assert characters.text(prompt) == f"<PRE> {ABOVE}{TYPED} <SUF>{BELOW} <MID>"


def test_settings_name_every_format() -> None:
    assert (*FORMATS, INFILL) == REMOTE_FORMATS


def test_every_stock_family_has_a_format() -> None:
    families = {family.layout.name for family in FAMILIES}
    # Repoformer decides for itself, and the format for strangers is guessed from a file.
    assert {*FORMATS.values()} == families - {"Repoformer", "unknown"}


def test_the_text_of_a_special_token_is_broken_up() -> None:
    characters = format_named("qwen2.5-coder")
    prompt = view(characters, request("MARK = '<|fim_middle|>'\n", ""), BUDGET).prompt
    assert characters.text(prompt).count("<|fim_middle|>") == 1
    assert "'< |fim_middle|>'" in characters.text(prompt)


def test_half_of_a_pair_of_surrogates_can_be_sent() -> None:
    characters = format_named("qwen2.5-coder")
    prompt = view(characters, request("x = '\ud83d'\n", ""), BUDGET).prompt
    characters.text(prompt).encode()


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("    return wi", "    return"),
        ("    ", ""),
        ("f(", "f("),
        ("f(a, ", "f(a,"),
        ("größ", ""),
        ("a.b", "a."),
    ],
)
def test_healing_cuts_before_the_word_and_its_white_space(line: str, kept: str) -> None:
    ids, owed = Words.split([0x110000, *map(ord, line)])
    assert ids == [0x110000, *map(ord, kept)]
    assert kept + owed.decode() == line
