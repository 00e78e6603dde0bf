--- Ghost text by Neovim 0.12's own `vim.lsp.inline_completion`, which asks and draws by itself.
--- Here it is switched on for our server, and given what it lacks: words, lines, dismissal.

local edit = require('sidelong.ghost.edit')
local request = require('sidelong.ghost.request')
local status = require('sidelong.status')
local suggestions = require('sidelong.ghost.suggestion')

---@class sidelong.BuiltinGhost: sidelong.Ghost
local M = {}

-- Checked against the types of a Neovim that lacks it.
local ghost = vim.lsp['inline_completion'] --[[@as any]]
local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')

function M.attach(bufnr)
  ghost.enable(not status.is_off(bufnr), { bufnr = bufnr })
end

function M.detach() end

function M.visible()
  local marks = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { limit = 1 })
  return request.inserting() and #marks > 0
end

--- The part of the built-in's item that is to be inserted now.
---@param item { insert_text: string|table, range?: table } vim.lsp.inline_completion.Item
---@param part 'word'|'line'
local function insert_part(item, part)
  local text, range, place = item.insert_text, item.range, request.place()
  if type(text) ~= 'string' or not range then
    return
  end
  -- On the way to 0.12 its ranges had their numbers in `start` and `end_`; the release has both.
  local row, col = range.start_row or range.start.row, range.start_col or range.start.col
  local typed = place.line:sub(col + 1, place.col)
  if row == place.row and vim.startswith(text, typed) then
    local rest = text:sub(#typed + 1)
    edit.insert(vim.api.nvim_get_current_buf(), rest:sub(1, suggestions[part](rest)), 0)
  end
end

function M.accept(part)
  if part == 'all' then
    return ghost.get()
  end
  return ghost.get({
    on_accept = function(item)
      insert_part(item, part)
    end,
  })
end

function M.cycle(step)
  ghost.select({ count = step })
end

function M.dismiss()
  local visible = M.visible()
  -- Switching it off and on again is its only way to forget what it shows.
  if visible then
    ghost.enable(false, { bufnr = 0 })
    ghost.enable(true, { bufnr = 0 })
  end
  return visible
end

function M.suggest()
  -- It has no function to ask with; it asks when the cursor moves.
  vim.api.nvim_exec_autocmds('CursorMovedI', { buffer = vim.api.nvim_get_current_buf() })
end

return M
