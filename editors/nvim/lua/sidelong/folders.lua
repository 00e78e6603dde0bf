--- One server for all projects of this Neovim: each root becomes a workspace folder of it, so that
--- the model is in memory once.

local rpc = require('sidelong.rpc')

local M = {}

local wanted = {} ---@type table<string, true> roots that were asked for, by path

--- For `lsp/sidelong.lua`: any running sidelong will do; its new root is told once it has started.
---@param client vim.lsp.Client
---@param config vim.lsp.ClientConfig
---@return boolean
function M.reuse_client(client, config)
  if client.name ~= config.name or rpc.is_stopped(client) then
    return false
  end
  if type(config.root_dir) == 'string' then
    wanted[config.root_dir] = true
  end
  return true
end

--- Tell a started server the roots that were asked for while others were served.
---@param client vim.lsp.Client
function M.tell(client)
  local folders = client.workspace_folders or {}
  local known = {} ---@type table<string, true>
  for _, folder in ipairs(folders) do
    known[folder.uri] = true
  end
  local added = {} ---@type lsp.WorkspaceFolder[]
  for root in pairs(wanted) do
    local uri = vim.uri_from_fname(root)
    if not known[uri] then
      table.insert(added, { uri = uri, name = root })
    end
  end
  wanted = {}
  if #added > 0 then
    client.workspace_folders = vim.list_extend(folders, added)
    rpc.notify(client, 'workspace/didChangeWorkspaceFolders', { event = { added = added, removed = {} } })
  end
end

--- The workspace folder that a buffer belongs to: the deepest that holds it.
---@param client vim.lsp.Client
---@param bufnr integer
---@return lsp.WorkspaceFolder?
function M.of(client, bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  local best ---@type lsp.WorkspaceFolder?
  for _, folder in ipairs(client.workspace_folders or {}) do
    local root = vim.uri_to_fname(folder.uri)
    if vim.startswith(path, root:gsub('/$', '') .. '/') and (not best or #folder.uri > #best.uri) then
      best = folder
    end
  end
  return best
end

return M
