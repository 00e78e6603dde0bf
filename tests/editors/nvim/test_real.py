"""The real server with the model that ships: what does not depend on how good that model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]

SETTINGS = {"minProbability": 0}
"""Whatever the model thinks of it, what the workspace cache says is shown."""

ENGINES = """\
def start_engines(rocket):
    rocket.engine_one.ignite(throttle=0.75)
    rocket.engine_two.ignite(throttle=0.75)
    rocket.engine_three.ignite(throttle=0.75)
    rocket.release_clamps(delay_ms=250)
    return rocket.altitude
"""

LOADS = "".join(
    f"""def load_{what}(path):
    table = read_csv(path, separator=';', encoding='utf-8')
    return table.{what}


"""
    for what in ("rows", "columns", "cells", "names", "units")
)
"""A line that stands here five times, so that it is completed whatever the model thinks."""

LOAD = LOADS + "def load_types(path):\n    $0"


def test_type_see_type_along_accept_undo(start: Start) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    nvim.until_ghost("ath, separator=';', encoding='utf-8')")
    nvim.type("ath")
    nvim.until_ghost(", separator=';', encoding='utf-8')")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line == "    table = read_csv(path, separator=';', encoding='utf-8')")
    nvim.type("<Esc>u")
    nvim.until(lambda: nvim.line == "    table = read_csv(path")


def test_words_and_lines_of_a_real_suggestion(start: Start) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    nvim.until_ghost("ath, separator=';', encoding='utf-8')")
    nvim.type("<C-f>")
    nvim.until_ghost(", separator=';', encoding='utf-8')")
    nvim.type("<C-l>")
    nvim.until(lambda: nvim.line == "    table = read_csv(path, separator=';', encoding='utf-8')")


def test_cycle_and_dismiss_a_real_suggestion(start: Start) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    ghost = nvim.until_ghost()
    nvim.type("<M-]>")
    nvim.until(lambda: nvim.ghost not in ("", ghost))
    assert any("(2/" in row for row in nvim.screen)
    nvim.type("<M-[>")
    nvim.until_ghost(ghost)
    nvim.type("<C-]>")
    nvim.until_no_ghost()


def test_after_acceptance_the_model_is_not_asked_again(start: Start) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    nvim.until_ghost("ath, separator=';', encoding='utf-8')")
    nvim.type("<Tab>")
    nvim.until(lambda: nvim.line.endswith("'utf-8')"))
    nvim.settle()
    assert "It was known already; the model was not asked." in nvim.explain()


def test_a_bracket_in_place_is_not_doubled(start: Start) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD + ")")
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    nvim.until_ghost()
    nvim.type("<Tab>")
    nvim.until(lambda: "utf-8" in nvim.line)
    assert nvim.line == "    table = read_csv(path, separator=';', encoding='utf-8')"


def test_emoji_before_a_real_suggestion(start: Start) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("smile = '😀🎉'; table = read_csv(p")
    nvim.until_ghost("ath, separator=';', encoding='utf-8')")
    nvim.type("<Tab>")
    nvim.until(
        lambda: nvim.line.endswith(
            "'😀🎉'; table = read_csv(path, separator=';', encoding='utf-8')"
        )
    )


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "unsaved"])
def test_code_of_another_file_is_used(start: Start, saved: bool) -> None:
    nvim = start(settings={**SETTINGS, "retrieval": {"mode": "always"}})
    nvim.edit("engines.py", ENGINES if saved else "\n")
    nvim.until_ready()
    if not saved:
        nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, ...)", ENGINES.splitlines())
        nvim.command("set hidden")
    nvim.edit("a.py", "".join(ENGINES.splitlines(keepends=True)[:3]) + "    $0")
    nvim.until_indexed()
    nvim.insert("rocket.release_cl")

    def ask() -> bool:
        # Neovim tells of a change in another buffer some time later.
        nvim.type("<M-s>")
        nvim.settle()
        return bool(nvim.ghost == "amps(delay_ms=250)")

    nvim.until(ask)
    explained = "\n".join(nvim.explain())
    assert "Other files were read" in explained
    assert "engines.py:1" in explained


def test_where_the_cursor_rests_the_first_suggestion_reads_next_to_nothing(
    start: Start, tmp_path: Path
) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOADS + "def load_types(path):\n    table = read_csv(p$0")
    log = tmp_path / "server.log"
    nvim.until(lambda: log.exists() and "a.py: read ahead, tokens " in log.read_text())
    nvim.insert()
    nvim.until_ghost()
    tokens = next(line for line in nvim.explain() if line.startswith("Tokens: "))
    evaluated = int(tokens.split(", ")[1].split()[0])
    assert evaluated <= 4, tokens


def test_settings_hold_per_folder(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = tmp_path / "quiet"
    (quiet / ".git").mkdir(parents=True)
    config = tmp_path / "config.toml"
    config.write_text(f'[folder."{quiet}"]\nenabled = false\n')
    monkeypatch.setenv("SIDELONG_CONFIG", str(config))
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    nvim.until_ghost()
    nvim.type("<Esc>")
    nvim.edit("../quiet/a.py", LOAD)
    nvim.insert("table = read_csv(p")
    nvim.settle()
    nvim.type_until(lambda: not nvim.ghost)
    assert "Reason: sidelong.enabled is false" in nvim.explain()
    assert nvim.lua("return #vim.lsp.get_clients()") == 1


@pytest.mark.parametrize("dotted", [{"sidelong.enabled": False}, {"sidelong": {"enabled": False}}])
def test_settings_may_be_named_with_dots(start: Start, dotted: Mapping[str, object]) -> None:
    mode = {"sidelong.retrieval.mode": "never"}
    nvim = start(config={"settings": {**dotted, **mode}})
    nvim.edit("a.py", LOAD)
    nvim.until_ready()
    nvim.insert("table = read_csv(p")
    nvim.settle()
    assert "Reason: sidelong.enabled is false" in nvim.explain()
    client = "vim.lsp.get_clients({ name = 'sidelong' })[1]"
    assert nvim.lua(f"return require('sidelong.settings').retrieval({client})") == "never"


def test_the_server_ends_with_the_editor(start: Start, server_pid: Callable[[Any], int]) -> None:
    nvim = start(settings=SETTINGS)
    nvim.edit("a.py", "x$0")
    nvim.until_ready()
    pid = server_pid(nvim)
    nvim.rpc.close()
    nvim.wait(lambda: not Path(f"/proc/{pid}").exists())
