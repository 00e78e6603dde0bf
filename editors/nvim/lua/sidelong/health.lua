--- `:checkhealth sidelong`: the plugin's part, then what `sidelong doctor` finds.

local M = {}

local server = require('sidelong.server')

local function check_neovim()
  local running = vim.version --[[@as fun(): vim.Version]]
  local version = tostring(running())
  if vim.fn.has('nvim-0.10') == 0 then
    vim.health.error(('Neovim %s is too old'):format(version), 'Neovim 0.10 or later is needed.')
  elseif not vim.lsp.inline_completion then
    vim.health.ok(('Neovim %s; ghost text by sidelong itself'):format(version))
  elseif require('sidelong.options').get().builtin then
    vim.health.ok(('Neovim %s; ghost text by vim.lsp.inline_completion'):format(version))
  else
    vim.health.ok(('Neovim %s; ghost text by sidelong itself (vim.g.sidelong.builtin)'):format(version))
  end
end

--- Whether there is a program to go on with.
---@return boolean
local function check_program()
  local missing = server.missing(server.config())
  if missing then
    vim.health.error(missing)
    return false
  end
  local cmd = server.config().cmd
  if type(cmd) == 'table' then
    vim.health.ok('The server is ' .. vim.fn.exepath(assert(cmd[1])))
  end
  return true
end

local function check_client()
  local client = server.client()
  if not client then
    vim.health.warn('The server is not running', {
      "Put vim.lsp.enable('sidelong') into your init.lua and open a file.",
      'If it has stopped: :Sidelong restart, and :Sidelong log.',
    })
    return
  end
  local buffers = vim.tbl_count(client.attached_buffers)
  vim.health.ok(('The server runs for %d buffer(s)'):format(buffers))
  for bufnr in pairs(client.attached_buffers) do
    local status = assert(require('sidelong.status').of(bufnr))
    local say = status.state == 'error' and vim.health.error or vim.health.info
    say(('%s: %s'):format(status.state, status.message))
    break
  end
end

local function check_keys()
  for _, map in ipairs(vim.api.nvim_get_keymap('i')) do
    if (map.rhs or ''):find('sidelong', 1, true) and not (map.lhs or ''):find('<Plug>', 1, true) then
      vim.health.ok(('%s is mapped'):format(map.lhs or ''))
      return
    end
  end
  vim.health.info('A key that accepts suggestions is yours to map; see :help sidelong-keys.')
end

local function check_server()
  local findings, problem = require('sidelong.doctor').findings()
  if not findings then
    vim.health.error('sidelong doctor does not work: ' .. (problem or ''))
    return
  end
  local says = { ok = vim.health.ok, note = vim.health.warn, broken = vim.health.error }
  for _, finding in ipairs(findings) do
    local remedies = finding.remedy ~= '' and { finding.remedy } or {}
    says[finding.state](('%s: %s'):format(finding.name, finding.fact), unpack(remedies))
  end
end

function M.check()
  vim.health.start('sidelong: the plugin')
  check_neovim()
  check_keys()
  local installed = check_program()
  check_client()
  if installed then
    vim.health.start('sidelong: the server (sidelong doctor)')
    check_server()
  end
end

return M
