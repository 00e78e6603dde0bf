--- Brings back a server that has crashed, a few times and with growing pauses.
--- That it ended is said by Neovim; here only that it stays away.

local M = {}

M.PAUSES_MS = { 500, 2000, 8000 }
local FORGIVEN_AFTER_S = 300

local crashes = {} ---@type number[] when, in seconds
local buffers = {} ---@type table<integer, integer[]> by client, which it served when it ended
local stopping = {} ---@type table<integer, true> clients that end because the user said so

--- Remember a buffer that loses its server.
---@param client_id integer
---@param bufnr integer
function M.remember(client_id, bufnr)
  buffers[client_id] = vim.list_extend(buffers[client_id] or {}, { bufnr })
end

---@param served integer[]
local function start_again(served)
  for _, bufnr in ipairs(served) do
    require('sidelong.server').start(bufnr)
  end
end

--- How long to wait before the next start; nil if it has crashed too often.
---@param now_s number
---@return integer?
local function pause_ms(now_s)
  crashes = vim.tbl_filter(function(crash_s)
    return now_s - crash_s < FORGIVEN_AFTER_S
  end, crashes)
  table.insert(crashes, now_s)
  return M.PAUSES_MS[#crashes]
end

---@param client_id integer
---@param code integer
local function after_exit(client_id, code)
  local served, on_purpose = buffers[client_id] or {}, stopping[client_id]
  buffers[client_id], stopping[client_id] = nil, nil
  require('sidelong.status').forget(client_id)
  require('sidelong.status').changed()
  if on_purpose or code == 0 or not require('sidelong.options').get().restart then
    return
  end
  local pause = pause_ms((vim.uv --[[@as any]]).now() / 1000)
  if pause then
    vim.defer_fn(function()
      start_again(served)
    end, pause)
  else
    vim.notify(
      ('sidelong: the server has ended %d times in a row and is left alone. '):format(#crashes)
        .. ':Sidelong log says why, :Sidelong restart starts it again.',
      vim.log.levels.WARN
    )
  end
end

--- For `lsp/sidelong.lua`.
---@param code integer
---@param signal integer
---@param client_id integer
function M.on_exit(code, signal, client_id)
  -- Neovim tells `LspDetach`, from which the buffers are known, in a callback it schedules after
  -- calling this: two turns later it has happened.
  vim.schedule(function()
    vim.schedule(function()
      if vim.v.exiting == vim.NIL then
        after_exit(client_id, code ~= 0 and code or signal)
      end
    end)
  end)
end

--- Stop the server if it runs, and start it in the buffers it had, or in the current one.
function M.restart()
  crashes = {}
  local client = require('sidelong.server').client()
  local served = client and vim.tbl_keys(client.attached_buffers) or {}
  if not client then
    start_again(vim.api.nvim_list_bufs())
    return
  end
  stopping[client.id] = true
  require('sidelong.rpc').stop(client)
  local function when_gone(tries)
    if not vim.lsp.get_client_by_id(client.id) or tries == 0 then
      start_again(served)
    else
      vim.defer_fn(function()
        when_gone(tries - 1)
      end, 50)
    end
  end
  when_gone(100)
end

return M
