--- One `textDocument/inlineCompletion` at a time: a newer one cancels the older, and an answer that
--- comes to another text or cursor than was asked about is dropped.

local documents = require('sidelong.documents')
local rpc = require('sidelong.rpc')
local suggestions = require('sidelong.ghost.suggestion')

local M = {}

---@enum sidelong.Trigger
M.TRIGGER = { BY_HAND = 1, AUTOMATIC = 2 }

local timer = assert((vim.uv --[[@as any]]).new_timer()) --[[@as any]]
local pending ---@type { client: vim.lsp.Client, id: integer }?

--- The cursor of the current window.
---@return sidelong.Place
function M.place()
  local cursor = vim.api.nvim_win_get_cursor(0)
  return { row = assert(cursor[1]) - 1, col = assert(cursor[2]), line = vim.api.nvim_get_current_line() }
end

--- Names the state of text and cursor: what was asked about it holds as long as this stays the same.
---@return string
function M.moment()
  local bufnr = vim.api.nvim_get_current_buf()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return ('%d:%d:%d:%d'):format(bufnr, vim.api.nvim_buf_get_changedtick(bufnr), row, col)
end

---@return boolean
function M.inserting()
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

---@param client vim.lsp.Client
---@param bufnr integer
---@param trigger sidelong.Trigger
---@param on_answer fun(found: sidelong.Suggestion[])
local function send(client, bufnr, trigger, on_answer)
  local place, moment = M.place(), M.moment()
  local encoding = client.offset_encoding --[[@as 'utf-8'|'utf-16'|'utf-32']]
  local params = documents.cursor(client) --[[@as table]]
  params.context = { triggerKind = trigger }
  local this = { client = client, id = -1 }
  pending = this
  local id = rpc.request(client, 'textDocument/inlineCompletion', params, function(err, result)
    if pending ~= this then
      return
    end
    pending = nil
    if err or not M.inserting() or M.moment() ~= moment then
      return
    end
    local found = {} ---@type sidelong.Suggestion[]
    for _, item in ipairs(result and (result.items or result) or {}) do
      table.insert(found, suggestions.from_item(item, place, encoding))
    end
    on_answer(found)
  end, bufnr)
  if id then
    this.id = id
  else
    pending = nil
  end
end

--- Ask about the cursor of the current window, after a pause without another call.
--- `on_answer` is not called if anything has moved meanwhile or the request failed.
---@param client vim.lsp.Client
---@param bufnr integer
---@param trigger sidelong.Trigger
---@param pause_ms integer
---@param on_answer fun(found: sidelong.Suggestion[])
function M.ask(client, bufnr, trigger, pause_ms, on_answer)
  M.cancel()
  local moment = M.moment()
  timer:start(
    pause_ms,
    0,
    vim.schedule_wrap(function()
      if M.inserting() and M.moment() == moment and not rpc.is_stopped(client) then
        send(client, bufnr, trigger, on_answer)
      end
    end)
  )
end

--- Stop waiting for an answer, and tell the server.
function M.cancel()
  timer:stop()
  if pending then
    local request = pending
    pending = nil
    if not rpc.is_stopped(request.client) then
      rpc.cancel(request.client, request.id)
    end
  end
end

return M
