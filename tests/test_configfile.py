"""The config file: TOML from the user, with tables for folders."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from sidelong.cli.user_config import write_setting
from sidelong.configfile import ConfigFile, read_config_file


def read(tmp_path: Path, text: str) -> tuple[ConfigFile, list[str]]:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return read_config_file(file)


def test_no_file_is_an_empty_file(tmp_path: Path) -> None:
    assert read_config_file(tmp_path / "config.toml") == (ConfigFile(), [])


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    config, messages = read(tmp_path, "\ufeffmaxLines = 1\n")
    assert (config.section, messages) == ({"maxLines": 1}, [])
    file = tmp_path / "config.toml"
    write_setting(file, "model.path", "a.gguf")
    assert file.read_text(encoding="utf-8") == 'maxLines = 1\nmodel.path = "a.gguf"\n'


def test_the_deepest_folder_comes_last(tmp_path: Path) -> None:
    config, messages = read(
        tmp_path,
        """
        maxLines = 1
        [folder."/work/a/b"]
        maxLines = 3
        [folder."/work/a"]
        maxLines = 2
        [folder."/work/ab"]
        maxLines = 9
        """,
    )
    assert messages == []
    layers = config.layers(PurePosixPath("/work/a/b"))
    assert [layer["maxLines"] for layer in layers] == [1, 2, 3]
    assert config.layers(None) == [{"maxLines": 1}]


def test_a_folder_is_meant_by_its_real_name_and_by_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    try:
        (tmp_path / "link").symlink_to(tmp_path / "real")
    except OSError:
        pytest.skip("no symbolic links here")
    for named in ("real", "link"):
        config, _ = read(tmp_path, f"[folder.'{tmp_path / named}']\nmaxLines = 2")
        for opened in ("real/inner", "link/inner", "link"):
            assert config.layers(tmp_path / opened)[1:] == [{"maxLines": 2}], (named, opened)
        assert config.layers(tmp_path) == [{}]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("= broken", "not readable as TOML"),
        ('folder = "x"', '"folder" is not a table of tables'),
        ("maxlines = 3", "sidelong.maxlines is not a setting"),
        ('[folder."/a"]\nthreads = 3', "sidelong.threads is the same for every folder"),
        ('[folder."~nobody.at.all/a"]\nmaxLines = 3', "nobody here has the home folder"),
    ],
)
def test_a_problem_is_one_message_that_names_the_file(tmp_path: Path, text: str, fact: str) -> None:
    _, (message,) = read(tmp_path, text)
    assert message.startswith(str(tmp_path / "config.toml"))
    assert fact in message


def test_a_file_that_is_no_text_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    config, messages = read_config_file(tmp_path / "config.toml")
    assert config == ConfigFile()
    assert len(messages) == 1
