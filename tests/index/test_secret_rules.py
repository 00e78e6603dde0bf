"""The published rules are read as their authors mean them."""

from __future__ import annotations

import re
import warnings
from importlib.resources import files

import pytest

from sidelong_index.secret_rules import entropy, rules, to_python


def published_names() -> set[str]:
    text = (files("sidelong_index") / "data" / "gitleaks.toml").read_text(encoding="utf-8")
    return set(re.findall(r'^id = "(.*)"$', text, re.MULTILINE))


def test_all_rules_are_used_but_those_that_python_cannot_follow() -> None:
    assert published_names() - {rule.name for rule in rules()} == {
        "private-key",  # `secrets` knows keys itself.
        # About the names of files:
        "freemius-secret-key",
        "hashicorp-tf-password",
        "kubernetes-secret-yaml",
        "nuget-config-password",
        "pkcs12-file",
        # Look any distance ahead:
        "curl-auth-header",
        "curl-auth-user",
    }


def test_every_rule_is_a_regular_expression_of_python() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for rule in rules():
            regex, _ = to_python(rule.regex)
            assert re.compile(regex, re.ASCII), rule.name


@pytest.mark.parametrize(
    ("go", "python"),
    [
        ("(?i)ab", ("ab", False)),
        ("a(?i)b", ("a(?i:b)", True)),
        ("x(a(?i)[)]b)c", ("x(a(?i:[)]b))c", True)),
        (r"(a\)(?i)b)c", (r"(a\)(?i:b))c", True)),
        ("[[:alnum:]]{3}", ("[a-zA-Z0-9]{3}", True)),
        (r"a\z", (r"a\Z", True)),
    ],
)
def test_go_is_put_in_pythons_words(go: str, python: tuple[str, bool]) -> None:
    assert to_python(go) == python


def test_entropy_is_in_bits_for_each_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abab") == 1
    assert entropy("abcd") == 2
