--- Tells the server where the cursor rests, so that it reads there before anything is asked.

local documents = require('sidelong.documents')
local options = require('sidelong.options')
local request = require('sidelong.ghost.request')
local rpc = require('sidelong.rpc')
local server = require('sidelong.server')
local status = require('sidelong.status')

local M = {}

local RESTS_AFTER_MS = 300

local timer = assert((vim.uv --[[@as any]]).new_timer()) --[[@as any]]
local told ---@type string? the client and the moment that it was told last

local augroup = vim.api.nvim_create_augroup('sidelong.rest', {})

--- Whether the server reads here only if it is told. In insert mode requests for ghost text come.
---@param mode string
---@return boolean
local function is_wanted(mode)
  return mode == 'n' or (vim.startswith(mode, 'i') and not options.get().auto)
end

--- Where typing will begin: behind the line if normal mode's cursor is on its last character.
---@param client vim.lsp.Client
---@param mode string
---@return table
local function place(client, mode)
  local params = documents.cursor(client)
  local line, col = vim.api.nvim_get_current_line(), assert(vim.api.nvim_win_get_cursor(0)[2])
  local is_last = vim.fn.strcharlen(line:sub(col + 1)) == 1
  if mode == 'n' and is_last then
    params.position.character = rpc.length(line, client.offset_encoding)
  end
  return params
end

local function tell()
  local bufnr, mode = vim.api.nvim_get_current_buf(), vim.api.nvim_get_mode().mode
  local client = server.client(bufnr)
  if not client or rpc.is_stopped(client) or status.is_off(bufnr) or not is_wanted(mode) then
    return
  end
  local moment = ('%d:%s'):format(client.id, request.moment())
  if told ~= moment then
    told = moment
    rpc.notify(client, 'sidelong/didMoveCursor', place(client, mode))
  end
end

local function moved()
  timer:start(RESTS_AFTER_MS, 0, vim.schedule_wrap(tell))
end

---@param bufnr integer
function M.attach(bufnr)
  vim.api.nvim_clear_autocmds({ group = augroup, buffer = bufnr })
  vim.api.nvim_create_autocmd(
    { 'BufEnter', 'CursorMoved', 'CursorMovedI', 'FocusGained', 'InsertLeave', 'TextChanged' },
    { group = augroup, buffer = bufnr, callback = moved }
  )
  moved()
end

---@param bufnr integer
function M.detach(bufnr)
  vim.api.nvim_clear_autocmds({ group = augroup, buffer = bufnr })
end

return M
