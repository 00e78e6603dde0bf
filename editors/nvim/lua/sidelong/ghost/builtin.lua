--- Ghost text by Neovim 0.12's own `vim.lsp.inline_completion`, which asks and draws by itself.
--- Here it is switched on for our server, and given what it lacks: words, lines, dismissal.

local edit = require('sidelong.ghost.edit')
local request = require('sidelong.ghost.request')
local rpc = require('sidelong.rpc')
local status = require('sidelong.status')
local suggestions = require('sidelong.ghost.suggestion')

---@class sidelong.BuiltinGhost: sidelong.Ghost
local M = {}

-- Checked against the types of a Neovim that lacks it.
local ghost = vim.lsp['inline_completion'] --[[@as any]]
local GIVEN_WITHIN_MS = 100
local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')

---@class sidelong.BuiltinItem `vim.lsp.inline_completion.Item`
---@field client_id integer
---@field insert_text string|table
---@field range? table
---@field command? lsp.Command

local asked = {} ---@type table<integer, sidelong.Place> by request, where it was sent
local shown ---@type sidelong.Place? what is shown was asked for here

vim.api.nvim_create_autocmd('LspRequest', {
  group = vim.api.nvim_create_augroup('sidelong.builtin', {}),
  desc = 'Where a suggestion was asked for, which its item does not say',
  callback = function(event)
    local id, sent = event.data.request_id, event.data.request
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'sidelong' and sent.method == 'textDocument/inlineCompletion' then
      if sent.type == 'complete' then
        shown = asked[id] or shown
      end
      asked[id] = sent.type == 'pending' and request.place() or nil
    end
  end,
})

function M.attach(bufnr)
  ghost.enable(not status.is_off(bufnr), { bufnr = bufnr })
end

function M.detach() end

function M.visible()
  local marks = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { limit = 1 })
  return request.inserting() and #marks > 0
end

--- The built-in's item as a suggestion; nil for one that is not ours.
---@param item sidelong.BuiltinItem
---@return sidelong.Suggestion?
local function suggestion_of(item)
  local text, range = item.insert_text, item.range
  if not shown or type(text) ~= 'string' or not range then
    return nil
  end
  -- On the way to 0.12 its ranges had their numbers in `start` and `end_`; the release has both.
  local row = range.start_row or range.start.row ---@type integer
  local first = range.start_col or range.start.col ---@type integer
  local last = range.end_col or range.end_.col ---@type integer
  return {
    row = row,
    before = shown.line:sub(1, first),
    after = shown.line:sub(shown.col + 1),
    replaces = last - shown.col,
    text = text,
    command = item.command,
  }
end

--- Insert a part of an item, unless the text has become another since it was shown.
---@param item sidelong.BuiltinItem
---@param part sidelong.Part
---@return boolean inserted
local function take(item, part)
  local suggestion = suggestion_of(item)
  local rest = suggestion and suggestions.remaining(suggestion, request.place())
  if not suggestion or not rest then
    return false
  end
  local bufnr, taken = vim.api.nvim_get_current_buf(), rest:sub(1, suggestions[part](rest))
  edit.insert(bufnr, taken, taken == rest and suggestion.replaces or 0)
  local client = vim.lsp.get_client_by_id(item.client_id)
  if taken == rest and client and suggestion.command then
    rpc.execute(client, suggestion.command, bufnr)
  end
  return true
end

function M.accept(part)
  local taken ---@type boolean?
  local is_given = M.visible()
    and ghost.get({
      on_accept = function(item)
        taken = take(item, part)
      end,
    })
  if is_given then
    -- It gives the item later; the keys typed meanwhile belong behind it.
    vim.wait(GIVEN_WITHIN_MS, function()
      return taken ~= nil
    end, 1)
  end
  return taken == true
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
