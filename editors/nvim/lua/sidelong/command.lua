--- `:Sidelong` and its subcommands.

local M = {}

local rpc = require('sidelong.rpc')
local server = require('sidelong.server')

---@param message string
---@param level? integer
local function say(message, level)
  if level then
    vim.notify('sidelong: ' .. message, level)
  else
    vim.api.nvim_echo({ { 'sidelong: ' .. message } }, false, {})
  end
end

--- The client to talk to, of this buffer if it has one; says what to do if there is none.
---@return vim.lsp.Client?
local function client_or_say()
  local client = server.client(vim.api.nvim_get_current_buf()) or server.client()
  if not client then
    local why = server.missing(server.config())
    if why then
      vim.notify(why, vim.log.levels.WARN)
    else
      say('the server is not running; :Sidelong restart starts it.', vim.log.levels.WARN)
    end
  end
  return client
end

---@param thing string
---@param on boolean
local function say_switched(thing, on)
  say(('%s in %s.'):format(on and 'on' or 'off', thing))
  require('sidelong.status').changed()
end

local toggles = {} ---@type table<string, fun()>

function toggles.buffer()
  local bufnr = vim.api.nvim_get_current_buf()
  local on = vim.b.sidelong == false
  vim.b.sidelong = on
  local client = server.client(bufnr)
  if client then
    require('sidelong.attach').ghost().attach(bufnr, client)
  end
  say_switched('this buffer', on)
end

function toggles.language()
  local client = client_or_say()
  if client then
    local language = rpc.language(client, vim.api.nvim_get_current_buf())
    say_switched(language .. ' files', require('sidelong.settings').toggle_language(client, language))
  end
end

function toggles.folder()
  local client = client_or_say()
  local folder = client and require('sidelong.folders').of(client, vim.api.nvim_get_current_buf())
  if client and folder then
    say_switched(folder.name, require('sidelong.settings').toggle_folder(client, folder.uri))
  elseif client then
    say('this file is in no folder that the server knows.', vim.log.levels.WARN)
  end
end

function toggles.all()
  local client = client_or_say()
  if client then
    say_switched('all files', require('sidelong.settings').toggle_everywhere(client))
  end
end

local commands = {} ---@type table<string, fun(argument?: string)>

function commands.toggle(scope)
  local toggle = toggles[scope or 'all']
  if toggle then
    toggle()
  else
    say(('there is no toggle %q; try all, folder, language, buffer.'):format(scope), vim.log.levels.WARN)
  end
end

function commands.retrieval(mode)
  local settings = require('sidelong.settings')
  local client = client_or_say()
  if not client then
    return
  elseif mode and not vim.list_contains(settings.RETRIEVAL, mode) then
    local modes = table.concat(settings.RETRIEVAL, ', ')
    say(('there is no retrieval %q; try %s.'):format(mode, modes), vim.log.levels.WARN)
    return
  elseif mode then
    settings.set_retrieval(client, mode)
  end
  say(('retrieval is %s.'):format(settings.retrieval(client)))
end

function commands.explain()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = client_or_say()
  if client then
    require('sidelong.explain').open(client, bufnr)
  end
end

function commands.status()
  local status = require('sidelong.status').of()
  if status then
    say(('%s (%s)'):format(status.message, status.state))
  elseif client_or_say() then
    say('the server runs, but not for this buffer.')
  end
end

function commands.doctor()
  require('sidelong.doctor').open()
end

--- The file that the running server logs to; Neovim's own log if it was told none.
---@return string
local function log_file()
  local client = server.client()
  local cmd = (client and client.config or server.config()).cmd
  local words = type(cmd) == 'table' and cmd or {} --[[@as string[] ]]
  for i, word in ipairs(words) do
    if word == '--log-file' and words[i + 1] then
      return words[i + 1]
    end
  end
  return vim.lsp.get_log_path()
end

function commands.log()
  vim.cmd.split({ vim.fn.fnameescape(log_file()) })
  vim.bo.autoread = true
  vim.cmd.normal({ 'G', bang = true })
end

function commands.restart()
  require('sidelong.restart').restart()
end

--- Run a subcommand.
---@param arguments string[]
function M.run(arguments)
  local command = commands[arguments[1]]
  if command then
    command(arguments[2])
  else
    local names = table.concat(vim.fn.sort(vim.tbl_keys(commands)), ', ')
    say(('there is no command %q; try %s.'):format(arguments[1], names), vim.log.levels.WARN)
  end
end

--- What may stand at the cursor of the command line.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local choices = vim.tbl_keys(commands)
  if line:find('^%s*%S+%s+toggle%s') then
    choices = vim.tbl_keys(toggles)
  elseif line:find('^%s*%S+%s+retrieval%s') then
    choices = require('sidelong.settings').RETRIEVAL
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, choices)
  table.sort(names)
  return names
end

return M
