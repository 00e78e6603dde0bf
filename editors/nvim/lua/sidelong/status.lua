--- What the servers say they do (`sidelong/status`), for statuslines and `:Sidelong status`.

local M = {}

---@class sidelong.Status
---@field state 'ready'|'indexing'|'loading'|'working'|'off'|'error'
---@field message string a sentence for people
---@field folder? string the URI of the folder it is about

local by_client = {} ---@type table<integer, sidelong.Status>

local words = {
  ready = 'sidelong',
  working = 'sidelong …',
  indexing = 'sidelong indexing',
  loading = 'sidelong loading',
  off = 'sidelong off',
  error = 'sidelong error',
}

--- Handles the notification.
---@param _ any
---@param status sidelong.Status
---@param ctx lsp.HandlerContext
function M.on_status(_, status, ctx)
  by_client[ctx.client_id] = status
  M.changed()
end

--- Have statuslines drawn again.
function M.changed()
  vim.api.nvim_exec_autocmds('User', { pattern = 'SidelongStatus', modeline = false })
  vim.cmd.redrawstatus()
end

---@param client_id integer
function M.forget(client_id)
  by_client[client_id] = nil
end

--- Whether this buffer alone is switched off.
---@param bufnr integer
---@return boolean
function M.is_off(bufnr)
  return vim.b[bufnr].sidelong == false
end

--- The status that holds for a buffer; nil if no server is attached.
---@param bufnr? integer
---@return sidelong.Status?
function M.of(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  local client = require('sidelong.server').client(bufnr)
  if not client then
    return nil
  end
  if M.is_off(bufnr) then
    return { state = 'off', message = 'Switched off in this buffer (:Sidelong toggle buffer)' }
  end
  return by_client[client.id] or { state = 'loading', message = 'Starting' }
end

---@return string
function M.statusline()
  local status = M.of()
  return status and words[status.state] or ''
end

return M
