"""The documents agree with the code and with each other."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sidelong.cli import COMMANDS
from sidelong.cli.models import __name__ as actions
from sidelong.cli.parser import Parser
from sidelong.sections import _FOLDER, _USER, _Setting
from sidelong.settings import Settings, UserSettings
from sidelong_index.parse import LANGUAGES

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "docs", "editors/nvim", "editors/vscode", "bench")
DOCUMENTS = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))]
GUIDES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
"""The documents that users read."""


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """The document without its fenced code, which may hold brackets and lines with a `#`."""
    return re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def links(path: Path) -> list[str]:
    """The targets of links and pictures within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(path)))
    return [target for target in found if "://" not in target]


def anchors(path: Path) -> set[str]:
    """The headings of a document, as GitHub makes anchors of them."""
    titles = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(path: Path) -> Iterator[list[str]]:
    """The words of every `sidelong …` in the document, in code blocks and in running text."""
    text = path.read_text("utf-8")
    blocks = re.findall(r"^```(\w*)$\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for kind, block in blocks if not kind for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", prose(path))
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] == ["sidelong"] and words[1:]:
            yield words[1:]


def options(command: list[str]) -> str:
    """The help text of a command, or of an action of `sidelong model`."""
    module = f"sidelong.cli.{command[0]}"
    if command[0] == "model":
        action = importlib.import_module(module).ACTIONS[command[1]]
        module = f"{actions}.{action}"
    parser = Parser(prog="sidelong", description=None)
    importlib.import_module(module).configure(parser)
    return parser.format_help()


def rows(path: Path) -> list[list[str]]:
    """The cells of every row of every table."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def in_words(value: object) -> str | None:
    """A default as it is written in a settings file; None where there is none to write."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, str):
        return f'`"{value}"`'
    return f"`{value}`" if isinstance(value, (int, float)) else ("`[]`" if value == () else "`{}`")


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in links(path):
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize(
    ("table", "defaults"),
    [(_FOLDER, Settings()), (_USER, UserSettings())],
    ids=["for each folder", "for you alone"],
)
def test_every_setting_is_documented_with_its_default_and_what_is_allowed(
    table: Mapping[str, _Setting], defaults: Settings | UserSettings
) -> None:
    documented = {row[0].strip("`"): row[1:3] for row in rows(ROOT / "docs/settings.md")}
    for name, setting in table.items():
        default, allowed = documented[name]
        assert allowed == setting.allowed, name
        written = in_words(getattr(defaults, setting.attribute))
        assert default == written if written else "`" not in default, name


def test_only_settings_that_exist_are_documented() -> None:
    documented = {row[0].strip("`") for row in rows(ROOT / "docs/settings.md")}
    assert documented - {"setting", "---"} == {*_FOLDER, *_USER}
    brief = {row[0].strip("`"): row[1] for row in rows(ROOT / "README.md")}
    in_full = {row[0].strip("`"): row[1] for row in rows(ROOT / "docs/settings.md")}
    assert brief.items() <= in_full.items()


@pytest.mark.parametrize("path", GUIDES, ids=named)
def test_every_command_and_option_exists(path: Path) -> None:
    for command in commands(path):
        assert command[0] in COMMANDS, command
        if command == ["model"] or (command[0] == "model" and command[1].startswith("-")):
            continue
        given = [word for word in command if word.startswith("--")]
        unknown = [word for word in given if word not in options(command)]
        assert unknown == [], " ".join(command)


def test_the_readme_is_short_and_begins_a_checkout_with_demo_and_test() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    assert "```\nmake demo\nmake test\n```" in text


def test_the_readme_names_the_languages_that_the_index_parses() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (sentence,) = [line for line in text.splitlines() if line.startswith("The index cuts")]
    names = {"javascript": "JavaScript", "typescript": "TypeScript", "cpp": "C++"}
    parsed = {names.get(language, language.capitalize()) for language in LANGUAGES} - {"Tsx"}
    assert set(re.findall(r"[A-Z][\w+]*", sentence)) - {"The"} == parsed
