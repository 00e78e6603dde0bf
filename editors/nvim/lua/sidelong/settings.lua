--- The server's settings as this Neovim holds them, and switching them while it runs.
--- What the names mean is the server's; they stand in README.md.

local rpc = require('sidelong.rpc')

local M = {}

local folders_off = {} ---@type table<string, true> switched off until Neovim ends, by URI

---@param client vim.lsp.Client
---@param scope_uri? string
---@return table
local function section(client, scope_uri)
  local all = (client.settings or client.config.settings or {}) --[[@as table]]
  local settings = vim.deepcopy(all.sidelong or {}) --[[@as table<string, any>]]
  if scope_uri and folders_off[scope_uri] then
    settings.enabled = false
  end
  -- An empty Lua table would be an empty list in JSON, which the server refuses for languages.
  if settings.languages and vim.tbl_isempty(settings.languages) then
    settings.languages = nil
  end
  return vim.tbl_isempty(settings) and vim.empty_dict() or settings
end

--- Answers `workspace/configuration`; Neovim's own answer knows no folders.
---@param _ any
---@param params lsp.ConfigurationParams
---@param ctx lsp.HandlerContext
---@return table[]
function M.on_configuration(_, params, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  return vim.tbl_map(function(item)
    return client and item.section == 'sidelong' and section(client, item.scopeUri) or vim.NIL
  end, params.items)
end

--- Change settings of the running server and tell it.
---@param client vim.lsp.Client
---@param change fun(section: table)
function M.change(client, change)
  local all = (client.settings or {}) --[[@as table]]
  all.sidelong = all.sidelong or {}
  change(all.sidelong)
  client.settings = all
  rpc.notify(client, 'workspace/didChangeConfiguration', { settings = { sidelong = section(client) } })
end

--- Switch completion on or off everywhere.
---@param client vim.lsp.Client
---@return boolean on
function M.toggle_everywhere(client)
  local on = false
  M.change(client, function(settings)
    on = settings.enabled == false
    settings.enabled = on
  end)
  return on
end

--- Switch completion on or off for a language, by its LSP id.
---@param client vim.lsp.Client
---@param language string
---@return boolean on
function M.toggle_language(client, language)
  local on = false
  M.change(client, function(settings)
    local languages = settings.languages or {}
    local now = languages[language]
    if now == nil then
      now = languages['*'] ~= false
    end
    on = not now
    settings.languages = vim.tbl_extend('force', languages, { [language] = on })
  end)
  return on
end

--- Switch completion on or off for a workspace folder.
---@param client vim.lsp.Client
---@param uri string
---@return boolean on
function M.toggle_folder(client, uri)
  folders_off[uri] = not folders_off[uri] or nil
  M.change(client, function() end)
  return not folders_off[uri]
end

return M
