"""One setting in the user's file, of everything or of one folder, whatever else is in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sidelong.cli.user_config import with_setting, write_setting, write_threshold
from sidelong.configfile import read_config_file
from sidelong.errors import SettingsError
from sidelong.sections import parse_settings, parse_user_settings

SHOP = Path("/work/shop")

THRESHOLD = "retrieval.threshold"

FILES = {
    "nothing": "",
    "other settings": "# mine\nmaxLines = 4  # four\n",
    "another folder": '[folder."/else"]\nenabled = false\n',
    "its own folder": '[folder."/work/shop"]\nenabled = false  # for now\n',
    "a dotted fellow": '[folder."/work/shop"]\nretrieval.maxChunks = 3\n',
    "a table of its own": '[folder."/work/shop".retrieval]\nthreshold = 0.9  # old\n',
    "a name in quotes": '[folder."/work/shop"]\n"retrieval.threshold" = 0.9\n',
    "tables in line": 'folder = {"/work/shop" = {enabled = false}}\n',
    "tables in tables in line": '[folder."/work/shop"]\nretrieval = {maxChunks = 3}\n',
    "tables before and after": (
        '[retrieval]\nrule = "greedy"\n[folder."/else"]\n[languages]\nc = true\n'
    ),
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_the_folder_has_the_threshold_and_all_else_is_as_it_was(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    before, _ = read_config_file(file)
    file.write_text(with_setting(text, THRESHOLD, 0.25, SHOP), encoding="utf-8")
    after, problems = read_config_file(file)

    assert problems == []
    section = dict(after.folders[SHOP])
    settings, _ = parse_settings(section)
    own, _ = parse_settings(before.folders.get(SHOP, {}))
    assert settings.threshold == 0.25
    assert (settings.enabled, settings.max_chunks) == (own.enabled, own.max_chunks)
    assert after.section == before.section
    others = {path: kept for path, kept in after.folders.items() if path != SHOP}
    assert others == {path: kept for path, kept in before.folders.items() if path != SHOP}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_setting_it_again_changes_nothing_but_the_number(text: str) -> None:
    once = with_setting(text, THRESHOLD, 0.25, SHOP)
    assert with_setting(once, THRESHOLD, 0.5, SHOP) == once.replace("0.25", "0.5")


def test_comments_stay_where_they_are() -> None:
    text = FILES["other settings"]
    assert with_setting(text, THRESHOLD, 0.25, SHOP) == (
        text + '\n[folder."/work/shop"]\nretrieval.threshold = 0.25\n'
    )


OWN = {
    **FILES,
    "a policy beside it": 'model.policy = "p.gguf"  # decides\n[languages]\nc = true\n',
    "a table for it": '[languages]\nc = true\n[model]\npath = "old.gguf"\n',
    "a table for its fellow": '[model]\npolicy = "p.gguf"\n\n[folder."/else"]\nenabled = false\n',
    "its name in quotes": '"model.path" = "old.gguf"\n',
    "a table in line": 'model = {policy = "p.gguf"}\n',
}
MODEL = r"C:\models\coder's.gguf"


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_the_model_is_set_above_all_folders_and_taken_out_again(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    before, _ = read_config_file(file)

    write_setting(file, "model.path", MODEL)
    with_model, problems = read_config_file(file)
    write_setting(file, "model.path", None)
    without, more = read_config_file(file)

    assert problems == more == []
    old, _ = parse_user_settings(before.section)
    new, _ = parse_user_settings(with_model.section)
    assert (str(new.model), new.policy) == (MODEL, old.policy)
    last, _ = parse_user_settings(without.section)
    assert (last.model, last.policy) == (None, old.policy)
    assert with_model.folders == without.folders == before.folders
    assert parse_settings(without.section) == parse_settings(before.section)


def test_taking_out_what_is_not_there_leaves_the_file_alone(tmp_path: Path) -> None:
    write_setting(tmp_path / "config.toml", "model.path", None)
    assert list(tmp_path.iterdir()) == []


def test_a_setting_where_a_table_should_be_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("model = 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"left as it is"):
        write_setting(file, "model.path", MODEL)
    assert file.read_text(encoding="utf-8") == "model = 3\n"


def test_a_folder_under_the_home_folder_is_known_by_its_short_name() -> None:
    text = '[folder."~/shop"]\nenabled = true\n'
    assert with_setting(text, THRESHOLD, 0.25, Path.home() / "shop").count("[folder.") == 1


@pytest.mark.parametrize("text", ["= 1", "folder = 3\n"])
def test_a_broken_file_is_left_as_it_is(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"left as it is"):
        write_threshold(file, SHOP, 0.25)
    assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_inside_of_the_folder_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"where nothing is ever written"):
        write_threshold(tmp_path / "config.toml", tmp_path.resolve(), 0.25)
    assert list(tmp_path.iterdir()) == []


def test_the_file_and_its_folder_are_made(tmp_path: Path) -> None:
    file = tmp_path / "own" / "config.toml"
    write_threshold(file, SHOP, 0.25)
    assert [entry.name for entry in file.parent.iterdir()] == ["config.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes as POSIX has them")
def test_a_link_stays_a_link_and_a_mode_the_mode(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("maxLines = 4\n", encoding="utf-8")
    real.chmod(0o640)
    link = tmp_path / "config.toml"
    link.symlink_to(real)

    write_threshold(link, SHOP, 0.25)

    assert link.is_symlink()
    assert "0.25" in real.read_text(encoding="utf-8")
    assert real.stat().st_mode & 0o777 == 0o640
