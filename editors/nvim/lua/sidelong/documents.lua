--- Which document the server sees in a buffer. One without a name gets a URI of its own, where Neovim
--- calls all of them `file://`, and one that is renamed becomes another at once.
---
--- Neovim's messages about documents without a name do not say which one they mean. They are held
--- back, and the text is told here, whenever something is asked about it.

local rpc = require('sidelong.rpc')

local M = {}

local NAMELESS = vim.uri_from_fname('')

local told = {} ---@type table<integer, table<integer, integer>> changedtick by client and buffer

---@param bufnr integer
---@return string
local function own_uri(bufnr)
  return ('untitled:Untitled-%d'):format(bufnr)
end

---@param bufnr integer
---@return string
local function text_of(bufnr)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, true)
  return table.concat(lines, '\n') .. (vim.bo[bufnr].endofline and '\n' or '')
end

--- Tell the text of a document without a name, unless the server has it.
---@param client vim.lsp.Client
---@param bufnr integer
local function tell(client, bufnr)
  told[client.id] = told[client.id] or {}
  local before, now = told[client.id][bufnr], vim.api.nvim_buf_get_changedtick(bufnr)
  told[client.id][bufnr] = now
  local document = { uri = own_uri(bufnr), version = now } --[[@as table]]
  if before and before ~= now then
    local params = { textDocument = document, contentChanges = { { text = text_of(bufnr) } } }
    rpc.notify(client, 'textDocument/didChange', params)
  elseif not before then
    document.languageId = rpc.language(client, bufnr)
    document.text = text_of(bufnr)
    rpc.notify(client, 'textDocument/didOpen', { textDocument = document })
  end
end

--- Tell that a document without a name is closed.
---@param client vim.lsp.Client
---@param bufnr integer
function M.close(client, bufnr)
  if vim.tbl_get(told, client.id, bufnr) then
    told[client.id][bufnr] = nil
    rpc.notify(client, 'textDocument/didClose', { textDocument = { uri = own_uri(bufnr) } })
  end
end

--- The document in a buffer, for requests about it; its text is told to the server if need be.
---@param client vim.lsp.Client
---@param bufnr integer
---@return lsp.TextDocumentIdentifier
function M.identifier(client, bufnr)
  if vim.api.nvim_buf_get_name(bufnr) == '' then
    tell(client, bufnr)
    return { uri = own_uri(bufnr) }
  end
  return { uri = vim.uri_from_bufnr(bufnr) }
end

--- The cursor of the current window, for requests about it.
---@param client vim.lsp.Client
---@return { textDocument: lsp.TextDocumentIdentifier, position: lsp.Position }
function M.cursor(client)
  local encoding = client.offset_encoding --[[@as 'utf-8'|'utf-16'|'utf-32']]
  local position = vim.lsp.util.make_position_params(0, encoding).position
  return { textDocument = M.identifier(client, vim.api.nvim_get_current_buf()), position = position }
end

---@param params any
---@return boolean
local function is_nameless(params)
  return type(params) == 'table' and vim.tbl_get(params, 'textDocument', 'uri') == NAMELESS
end

--- For `lsp/sidelong.lua`: comes between Neovim and the server.
---@param client vim.lsp.Client
function M.on_init(client)
  local request, notify = client.rpc.request, client.rpc.notify
  function client.rpc.notify(method, params)
    return is_nameless(params) or notify(method, params)
  end
  function client.rpc.request(method, params, ...)
    if params and is_nameless(params) then
      -- `vim.lsp.inline_completion` asks about the current buffer.
      local document = M.identifier(client, vim.api.nvim_get_current_buf())
      params = vim.tbl_extend('force', params, { textDocument = document })
    end
    return request(method, params, ...)
  end
end

-- A buffer that is written under its first name fires `BufWipeout`, by which it also loses its own
-- autocommands; hence these are for all buffers.
vim.api.nvim_create_autocmd({ 'BufFilePre', 'BufWipeout' }, {
  group = vim.api.nvim_create_augroup('sidelong.documents', {}),
  desc = 'Close the document under its old name and open it under its new one',
  callback = function(event)
    local client = require('sidelong.server').client(event.buf)
    if client then
      vim.lsp.buf_detach_client(event.buf, client.id)
      vim.schedule(function()
        require('sidelong.server').start(event.buf)
      end)
    end
  end,
})

return M
