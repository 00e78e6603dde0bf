"""Settings: what a section of JSON or TOML turns into."""

from __future__ import annotations

from pathlib import Path

import pytest

from sidelong.sections import (
    Section,
    parse_settings,
    parse_user_settings,
    unknown_names,
    user_only_names,
)
from sidelong.settings import Settings, UserSettings


def parsed(section: Section) -> Settings:
    settings, messages = parse_settings(section)
    assert messages == []
    return settings


def test_an_empty_section_is_the_defaults() -> None:
    assert parsed({}) == Settings()


def test_every_folder_setting_has_a_name() -> None:
    section: Section = {
        "enabled": False,
        "languages": {"python": False, "*": True},
        "exclude": ["*.gen.py"],
        "retrieval": {"mode": "always", "rule": "greedy", "threshold": 0.25, "maxChunks": 3},
        "budget": {"prefix": 100, "suffix": 0, "context": 0, "generated": 9},
        "maxLines": 2,
        "minProbability": 0.5,
        "debounce": 30,
        "tokenHealing": False,
        "workspaceCache": False,
    }
    assert parsed(section) == Settings(
        enabled=False,
        languages={"python": False, "*": True},
        exclude=("*.gen.py",),
        retrieval="always",
        rule="greedy",
        threshold=0.25,
        max_chunks=3,
        prefix_tokens=100,
        suffix_tokens=0,
        context_tokens=0,
        max_tokens=9,
        max_lines=2,
        min_probability=0.5,
        debounce_ms=30,
        token_healing=False,
        workspace_cache=False,
    )


def test_every_user_setting_has_a_name() -> None:
    section: Section = {
        "model": {"path": "/models/a.gguf", "policy": "/models/b.gguf"},
        "threads": 3,
        "gpuLayers": 0,
        "contextSize": 4096,
    }
    assert parse_user_settings(section) == (
        UserSettings(
            model=Path("/models/a.gguf"),
            policy=Path("/models/b.gguf"),
            threads=3,
            gpu_layers=0,
            n_ctx=4096,
        ),
        [],
    )


def test_dotted_names_are_nested_names() -> None:
    assert parsed({"retrieval.mode": "never"}) == parsed({"retrieval": {"mode": "never"}})


def test_null_is_not_set() -> None:
    assert parsed({"enabled": None, "retrieval": {"threshold": None}}) == Settings()


def test_whole_numbers_may_come_as_floats() -> None:
    assert parsed({"maxLines": 3.0}).max_lines == 3


def test_an_empty_model_path_is_the_packaged_model() -> None:
    assert parse_user_settings({"model": {"path": " "}})[0].model is None


def test_a_tilde_is_the_home_folder() -> None:
    model = parse_user_settings({"model": {"path": "~/a.gguf"}})[0].model
    assert model == Path.home() / "a.gguf"


@pytest.mark.parametrize(
    ("section", "name", "allowed"),
    [
        ({"enabled": "yes"}, "sidelong.enabled", "true or false"),
        ({"enabled": 1}, "sidelong.enabled", "true or false"),
        ({"exclude": "*.py"}, "sidelong.exclude", "a list of .gitignore patterns"),
        ({"exclude": [1]}, "sidelong.exclude", "a list of .gitignore patterns"),
        ({"languages": {"c": "off"}}, "sidelong.languages", "language ids"),
        ({"retrieval": {"mode": "often"}}, "sidelong.retrieval.mode", '"auto", "always" or'),
        ({"retrieval": {"mode": []}}, "sidelong.retrieval.mode", '"auto", "always" or'),
        ({"retrieval": {"threshold": 2}}, "sidelong.retrieval.threshold", "from 0 to 1"),
        ({"retrieval": {"threshold": True}}, "sidelong.retrieval.threshold", "from 0 to 1"),
        ({"budget": {"prefix": 1.5}}, "sidelong.budget.prefix", "a whole number from 16"),
        ({"maxLines": 0}, "sidelong.maxLines", "a whole number from 1 to 1000"),
        ({"debounce": -1}, "sidelong.debounce", "a whole number from 0 to 10000"),
    ],
)
def test_a_bad_value_is_named_and_not_used(section: Section, name: str, allowed: str) -> None:
    settings, messages = parse_settings(section)
    assert settings == Settings()
    (message,) = messages
    assert message.startswith(f"{name}: ")
    assert allowed in message


def test_a_bad_value_costs_only_itself() -> None:
    settings, messages = parse_settings({"maxLines": "many", "debounce": 10})
    assert settings == Settings(debounce_ms=10)
    assert len(messages) == 1


@pytest.mark.parametrize("path", [3, "~nobody.at.all/a.gguf"])
def test_a_bad_user_value_is_named_and_not_used(path: object) -> None:
    user, messages = parse_user_settings({"model": {"path": path}, "threads": 0})
    assert user == UserSettings()
    assert [message.split(":")[0] for message in messages] == [
        "sidelong.model.path",
        "sidelong.threads",
    ]


def test_later_layers_win_and_keep_what_they_do_not_name() -> None:
    below, _ = parse_settings({"maxLines": 2, "debounce": 10})
    settings, _ = parse_settings({"maxLines": 4}, below)
    assert (settings.max_lines, settings.debounce_ms) == (4, 10)


def test_folder_settings_do_not_read_user_only_names() -> None:
    section: Section = {"model": {"path": "/workspace/evil.gguf"}, "threads": 64}
    assert parsed(section) == Settings()
    assert user_only_names(section) == ["sidelong.model.path", "sidelong.threads"]


def test_misspelled_names_are_found() -> None:
    section: Section = {
        "retreival": {"mode": "auto"},
        "languages": {"python": True},
        "languages.c": True,
        "maxLines": 2,
    }
    assert unknown_names(section) == ["sidelong.retreival.mode"]


@pytest.mark.parametrize(
    ("languages", "language", "on"),
    [
        ({}, "python", True),
        ({"python": False}, "python", False),
        ({"python": False}, "rust", True),
        ({"*": False, "rust": True}, "rust", True),
        ({"*": False, "rust": True}, "python", False),
    ],
)
def test_languages_are_switched_by_id_or_all_at_once(
    languages: dict[str, bool], language: str, on: bool
) -> None:
    assert Settings(languages=languages).language_on(language) is on
