--- Talking to a client in the same words on Neovim 0.10, where clients have functions, and on 0.11
--- and later, where they have methods; and columns, whose functions changed as well.

local M = {}

-- The types are those of a Neovim with methods, and columns are numbers to it.
---@diagnostic disable: param-type-mismatch, missing-parameter

local has_methods = vim.fn.has('nvim-0.11') == 1

---@param client vim.lsp.Client
---@param method string
---@param params table
---@param handler fun(err?: lsp.ResponseError, result: any)
---@param bufnr integer
---@return integer? request_id nil if the server is gone
function M.request(client, method, params, handler, bufnr)
  local sent, id ---@type boolean, integer?
  if has_methods then
    sent, id = client:request(method, params, handler, bufnr)
  else
    sent, id = client.request(method, params, handler, bufnr)
  end
  return sent and id or nil
end

---@param client vim.lsp.Client
---@param method string
---@param params table
function M.notify(client, method, params)
  if has_methods then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

--- Have the server run one of its commands.
---@param client vim.lsp.Client
---@param command lsp.Command
---@param bufnr integer
function M.execute(client, command, bufnr)
  local params = { command = command.command, arguments = command.arguments }
  M.request(client, 'workspace/executeCommand', params, function() end, bufnr)
end

---@param client vim.lsp.Client
---@param request_id integer
function M.cancel(client, request_id)
  if has_methods then
    client:cancel_request(request_id)
  else
    client.cancel_request(request_id)
  end
end

---@param client vim.lsp.Client
function M.stop(client)
  if has_methods then
    client:stop()
  else
    client.stop()
  end
end

---@param client vim.lsp.Client
---@return boolean
function M.is_stopped(client)
  if has_methods then
    return client:is_stopped()
  end
  return client.is_stopped()
end

--- The language of a buffer, as the server is told it.
---@param client vim.lsp.Client
---@param bufnr integer
---@return string
function M.language(client, bufnr)
  local filetype = vim.bo[bufnr].filetype
  return client.get_language_id and client.get_language_id(bufnr, filetype) or filetype
end

--- The length of `line` in the server's encoding.
---@param line string
---@param encoding string
---@return integer
function M.length(line, encoding)
  if encoding == 'utf-8' then
    return #line
  end
  if has_methods then
    return vim.str_utfindex(line, encoding)
  end
  local utf_32, utf_16 = vim.str_utfindex(line)
  return encoding == 'utf-16' and utf_16 or utf_32
end

--- The byte in `line` of a column in the server's encoding; the line's end if it lies beyond.
---@param line string
---@param encoding string
---@param column integer
---@return integer
function M.byte(line, encoding, column)
  if encoding == 'utf-8' then
    return math.min(column, #line)
  end
  if has_methods then
    return vim.str_byteindex(line, encoding, column, false)
  end
  local ok, byte = pcall(vim.str_byteindex, line, column, encoding == 'utf-16')
  return ok and byte or #line
end

return M
