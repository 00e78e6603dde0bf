--- `sidelong doctor`, run beside Neovim: for a window, and as findings for `:checkhealth`.

local M = {}

---@class sidelong.Finding
---@field name string
---@field state 'ok'|'note'|'broken'
---@field fact string
---@field remedy string

--- The command line that starts the server, with `doctor` in the place of `serve`, and the model
--- that the server is given.
---@return string[]
local function command()
  local config = require('sidelong.server').config()
  local cmd = type(config.cmd) == 'table' and config.cmd or {} --[[@as string[] ]]
  local words = {} ---@type string[]
  for _, word in ipairs(cmd) do
    if word == 'serve' then
      break
    end
    table.insert(words, word)
  end
  if #words == 0 or #words == #cmd then
    words = { 'sidelong' }
  end
  table.insert(words, 'doctor')
  local options = (config.init_options or {}) --[[@as table]]
  local model = vim.tbl_get(options.sidelong or options, 'model', 'path')
  return model and vim.list_extend(words, { '--model', vim.fs.normalize(model) }) or words
end

--- How it is run: no module of the project is imported.
---@param env table<string, string>
---@return table options of `vim.system`
local function options(env)
  local isolation = require('sidelong.server').isolation()
  return { text = true, cwd = isolation.cwd, env = vim.tbl_extend('force', isolation.env, env) }
end

--- Run it and show what it prints.
function M.open()
  local cmd = command()
  local missing = require('sidelong.server').missing({ cmd = cmd })
  if missing then
    vim.notify(missing, vim.log.levels.WARN)
    return
  end
  vim.api.nvim_echo({ { 'sidelong doctor is checking …' } }, false, {})
  local done = vim.schedule_wrap(function(result)
    local output = vim.trim((result.stdout or '') .. '\n' .. (result.stderr or ''))
    require('sidelong.window').show('doctor', vim.split(output, '\r?\n'))
  end)
  vim.system(cmd, options({ NO_COLOR = '1', COLUMNS = tostring(vim.o.columns) }), done)
end

--- Run it and wait; nil and what it said if it does not work at all.
---@return sidelong.Finding[]? findings, string? problem
function M.findings()
  local cmd = vim.list_extend(command(), { '--json' })
  local ok, result = pcall(function()
    return vim.system(cmd, options({})):wait(120000)
  end)
  if not ok then
    return nil, tostring(result)
  end
  local parsed, report = pcall(vim.json.decode, result.stdout or '')
  if not parsed then
    return nil, vim.trim(result.stderr or '')
  end
  return report.checks
end

return M
