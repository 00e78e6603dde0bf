"""What other versions of Neovim would run, as far as this one can stand in for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Start = Callable[..., Any]
Script = Callable[..., str]

AS_0_10 = """
local has = vim.fn.has
vim.fn.has = function(feature) return feature == 'nvim-0.11' and 0 or has(feature) end
vim.lsp.config, vim.lsp.enable, vim.lsp.is_enabled = nil, nil, nil
vim.deprecate = function() end
require('sidelong').enable(vim.json.decode(vim.env.SIDELONG_TEST).config)
"""

BUILTIN = """
_G.calls = {}
vim.lsp.inline_completion = setmetatable({}, { __index = function(_, name)
  return function(...)
    table.insert(_G.calls, { name, ... })
    local given = ...
    if name == 'get' and given and given.on_accept then
      given.on_accept({
        insert_text = 'one two', range = { start = { row = 1, col = 4 } },
      })
    end
    return true
  end
end })
require('sidelong').enable(vim.json.decode(vim.env.SIDELONG_TEST).config)
"""


def test_neovim_0_10_starts_the_server_itself(start: Start, script: Script) -> None:
    nvim = start(server="scripted", enable=False)
    nvim.lua(AS_0_10)
    nvim.edit("a.py", script("launch(1)\n# {path}") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("launch(1)\n# a.py")
    nvim.type("<C-f><Tab>")
    nvim.until(lambda: nvim.lines[1:] == ["x = launch(1)", "# a.py"])
    nvim.type("<Esc>")
    assert "off in" in nvim.command("Sidelong toggle")
    nvim.insert()
    nvim.type_until(lambda: not nvim.ghost)
    nvim.type("<Esc>")
    nvim.command("Sidelong restart")
    nvim.until_ready()
    assert nvim.notified == []


def test_neovim_0_10_knows_utf_16(start: Start, script: Script) -> None:
    capabilities = {"general": {"positionEncodings": ["utf-16"]}}
    nvim = start(server="scripted", enable=False, config={"capabilities": capabilities})
    nvim.lua(AS_0_10)
    nvim.edit("a.py", script("é🚀)", replace_after=1) + 'say("😀🎉", $0)')
    nvim.insert("ü")
    nvim.until_ghost("é🚀")


def test_where_neovim_has_ghost_text_it_is_used(start: Start, script: Script) -> None:
    nvim = start(server="scripted", enable=False)
    nvim.lua(BUILTIN)
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.until(lambda: nvim.lua("return #_G.calls") > 0)
    bufnr = nvim.lua("return vim.api.nvim_get_current_buf()")
    assert nvim.lua("return _G.calls[1]") == ["enable", True, {"bufnr": bufnr}]
    nvim.insert(" ")
    nvim.lua("require('sidelong').next()")
    nvim.lua("require('sidelong').accept()")
    assert nvim.lua("return { _G.calls[2][1], _G.calls[2][2], _G.calls[3][1] }") == [
        "select",
        {"count": 1},
        "get",
    ]
    nvim.lua("require('sidelong').accept_word()")
    nvim.until(lambda: nvim.line == "x = one")
    assert not nvim.ghost


def test_the_user_may_prefer_the_plugins_own_ghost_text(start: Start, script: Script) -> None:
    nvim = start(server="scripted", enable=False, options={"builtin": False})
    nvim.lua(BUILTIN)
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("42")
    assert nvim.lua("return #_G.calls") == 0
