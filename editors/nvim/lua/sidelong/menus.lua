--- Whether a completion menu is open, Neovim's own or that of a completion plugin: ghost text beside
--- it would be two answers to one question.

local M = {}

--- Asks a plugin that is loaded; never loads one, and a plugin that fails is no menu.
---@param module string
---@param name string
---@return boolean
local function says(module, name)
  local plugin = package.loaded[module]
  if type(plugin) ~= 'table' or type(plugin[name]) ~= 'function' then
    return false
  end
  local ok, visible = pcall(plugin[name])
  return ok and visible == true
end

---@return boolean
function M.open()
  return vim.fn.pumvisible() == 1
    or says('cmp', 'visible')
    or says('blink.cmp', 'is_menu_visible')
    or require('sidelong.options').get().hide()
end

return M
