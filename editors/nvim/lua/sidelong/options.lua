--- The plugin's own options, `vim.g.sidelong`; how to complete is the server's settings.

local M = {}

---@class sidelong.Options
---@field auto boolean suggest while typing, not only when asked
---@field debounce_ms integer how long to wait for the next key before asking
---@field builtin boolean use `vim.lsp.inline_completion` where Neovim has it
---@field restart boolean restart a server that has crashed
---@field hide fun(): boolean whether something on the screen, such as a menu, is in the way

---@type sidelong.Options
local defaults = {
  auto = true,
  -- One frame's worth: enough to make one request of a paste or a repeated key.
  debounce_ms = 20,
  builtin = true,
  restart = true,
  hide = function()
    return false
  end,
}

local warned = {} ---@type table<string, true>

--- A value of the right type, or nil and one message for each that is not.
---@param name string
---@param value any
local function checked(name, value)
  local default = defaults[name]
  local problem ---@type string?
  if default == nil then
    problem = 'is not an option of sidelong'
  elseif type(value) ~= type(default) then
    problem = ('must be a %s'):format(type(default))
  end
  if not problem then
    return value
  end
  if not warned[name] then
    warned[name] = true
    vim.notify(
      ('vim.g.sidelong.%s %s; see :help sidelong-options.'):format(name, problem),
      vim.log.levels.WARN
    )
  end
end

--- The options as they are now; read anew each time, so that they can be changed while running.
---@return sidelong.Options
function M.get()
  local options = vim.deepcopy(defaults)
  local given = vim.g.sidelong
  for name, value in pairs(type(given) == 'table' and given or {}) do
    value = checked(name, value)
    if value ~= nil then
      options[name] = value
    end
  end
  return options
end

return M
