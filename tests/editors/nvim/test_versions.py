"""The code that other versions of Neovim run, as far as this one can stand in for them."""

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
local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
local current
function _G.ask()
  local client = vim.lsp.get_clients()[1]
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 }
  client:request('textDocument/inlineCompletion', params, function(_, found)
    local first, last = found[1].range.start, found[1].range['end']
    current = {
      client_id = client.id,
      insert_text = found[1].insertText,
      command = found[1].command,
      range = {
        start_row = first.line, start_col = first.character, end_row = last.line,
        end_col = last.character,
      },
    }
    vim.api.nvim_buf_set_extmark(0, namespace, first.line, first.character, {})
  end, 0)
end
local function get(given)
  local given_now = current
  if given_now then
    vim.schedule(function()
      current = nil
      vim.api.nvim_buf_clear_namespace(0, namespace, 0, -1)
      given.on_accept(given_now)
    end)
  end
  return given_now ~= nil
end
vim.lsp.inline_completion = setmetatable({ get = get }, { __index = function(_, name)
  return function(...) table.insert(_G.calls, { name, ... }) end
end })
require('sidelong').enable(vim.json.decode(vim.env.SIDELONG_TEST).config)
"""
"""As its source says; it asks and draws by itself, here when it is told to."""


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
    assert nvim.lua("return { _G.calls[2][1], _G.calls[2][2] }") == ["select", {"count": 1}]
    assert not nvim.ghost


def test_neovims_own_ghost_text_is_accepted_in_parts(start: Start, script: Script) -> None:
    nvim = start(server="scripted", enable=False)
    nvim.lua(BUILTIN)
    nvim.edit("a.py", script("one, two)", replace_after=1) + "f($0)")
    nvim.until_ready()
    nvim.insert()
    ask_builtin(nvim)
    nvim.type("<C-f>")
    nvim.until(lambda: nvim.line == "f(one)")
    nvim.type("<BS><BS><BS>")
    ask_builtin(nvim)
    nvim.type("on<Tab>!")
    nvim.until(lambda: nvim.line == "f(one, two)!")
    assert "It was accepted." in nvim.explain()


def test_a_key_that_cannot_accept_neovims_own_ghost_text_is_typed(
    start: Start, script: Script
) -> None:
    nvim = start(server="scripted", enable=False)
    nvim.lua(BUILTIN)
    nvim.edit("a.py", script("foobar") + "$0")
    nvim.until_ready()
    nvim.insert(" ")
    ask_builtin(nvim)
    nvim.type("q<Tab>z")
    nvim.until(lambda: nvim.line == " q  z")


def ask_builtin(nvim: Any) -> None:
    nvim.lua("_G.ask()")
    nvim.until(lambda: nvim.lua("return require('sidelong').visible()"))


def test_the_user_may_prefer_the_plugins_own_ghost_text(start: Start, script: Script) -> None:
    nvim = start(server="scripted", enable=False, options={"builtin": False})
    nvim.lua(BUILTIN)
    nvim.edit("a.py", script("42") + "x =$0")
    nvim.insert(" ")
    nvim.until_ghost("42")
    assert nvim.lua("return #_G.calls") == 0
