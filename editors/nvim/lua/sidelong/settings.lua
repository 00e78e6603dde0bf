--- The server's settings: those that the user configured, and on top what was switched since Neovim
--- started, which a restart of the server outlives. What the names mean stands in its README.md.

local rpc = require('sidelong.rpc')

local M = {}

---@type table<string, any>
local switched = {}
---@type table<string, true> keys are URIs
local folders_off = {}

--- Our part of what the user configured, nested: `['sidelong.retrieval.mode'] = 'never'` and
--- `sidelong = { ['retrieval.mode'] = 'never' }` mean `sidelong = { retrieval = { mode = 'never' } }`.
---@param all table<string, any>
---@return table<string, any>
local function configured(all)
  local ours = {} ---@type table<string, any>
  local function put(dotted, value)
    local parts = vim.split(dotted, '.', { plain = true })
    for i = #parts, 1, -1 do
      value = { [parts[i]] = value }
    end
    ours = vim.tbl_deep_extend('force', ours, value)
  end
  for name, value in pairs(all) do
    if name == 'sidelong' and type(value) == 'table' then
      for key, each in pairs(value) do
        put(key, each)
      end
    elseif vim.startswith(name, 'sidelong.') then
      put(name:sub(#'sidelong.' + 1), value)
    end
  end
  return ours
end

---@param client vim.lsp.Client
---@param scope_uri? string
---@return table
local function section(client, scope_uri)
  local all = (client.settings or client.config.settings or {}) --[[@as table]]
  local settings = vim.tbl_deep_extend('force', configured(all), switched)
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

---@param client vim.lsp.Client
local function tell(client)
  rpc.notify(client, 'workspace/didChangeConfiguration', { settings = { sidelong = section(client) } })
end

--- Switch completion on or off everywhere.
---@param client vim.lsp.Client
---@return boolean on
function M.toggle_everywhere(client)
  switched.enabled = section(client).enabled == false
  tell(client)
  return switched.enabled
end

--- Switch completion on or off for a language, by its LSP id.
---@param client vim.lsp.Client
---@param language string
---@return boolean on
function M.toggle_language(client, language)
  local languages = section(client).languages or {}
  local now = languages[language]
  if now == nil then
    now = languages['*'] ~= false
  end
  switched.languages = vim.tbl_extend('force', switched.languages or {}, { [language] = not now })
  tell(client)
  return not now
end

--- Switch completion on or off for a workspace folder.
---@param client vim.lsp.Client
---@param uri string
---@return boolean on
function M.toggle_folder(client, uri)
  folders_off[uri] = not folders_off[uri] or nil
  tell(client)
  return not folders_off[uri]
end

M.RETRIEVAL = { 'always', 'auto', 'never' }

--- When to look into other files, everywhere.
---@param client vim.lsp.Client
---@param mode string one of `RETRIEVAL`
function M.set_retrieval(client, mode)
  switched.retrieval = { mode = mode }
  tell(client)
end

--- When other files are looked into.
---@param client vim.lsp.Client
---@return string
function M.retrieval(client)
  return vim.tbl_get(section(client), 'retrieval', 'mode') or 'auto'
end

return M
