--- Accepting at its place among the typed keys; what is accepted, and how, is the ghost text's.
---
--- Neovim evaluates the expression of a mapping while it looks ahead: letters typed just before may
--- not be in the text yet. So an expression decides nothing. It leads to a `<Cmd>` that stands where
--- the key stands, accepts there, and types the key if there is nothing to accept by then.

local M = {}

---@alias sidelong.Part 'all'|'word'|'line'

---@return sidelong.Ghost
local function ghost()
  return require('sidelong.attach').ghost()
end

--- Puts keys before all that is still to be read.
---@param keys string as Neovim has them internally
---@param remap boolean
local function feed(keys, remap)
  vim.api.nvim_feedkeys(keys, remap and 'im' or 'in', false)
end

--- The text is locked while an expression is evaluated; that is said even of what cannot be closed.
---@return boolean
local function is_locked()
  local _, err = pcall(vim.api.nvim_win_close, -1, false)
  return tostring(err):find('E565', 1, true) ~= nil
end

--- Has the key whose expression is being evaluated accept at its place. If it cannot, it is typed
--- again, and its mapping then finds that there is nothing to accept.
---@param part sidelong.Part
local function accept_after_pending(part)
  local typed = ''
  local namespace ---@type integer
  -- The first thing that is read now is our `<Cmd>`, which counts as typed by that key.
  namespace = vim.on_key(function(_, key)
    vim.on_key(nil, namespace)
    typed = key or ''
  end)
  M.again = function()
    if not ghost().accept(part) then
      feed(typed, true)
    end
  end
  feed(vim.keycode("<Cmd>lua require('sidelong.accept').again()<CR>"), false)
end

--- Accept a part of what is shown.
---@param part sidelong.Part
---@return boolean accepted false if there is nothing; if text is locked, true means "at its place"
function M.accept(part)
  if not is_locked() then
    return ghost().accept(part)
  end
  local visible = ghost().visible()
  if visible then
    accept_after_pending(part)
  end
  return visible
end

--- Accept a part of what is shown, or type keys; not for expressions.
---@param part sidelong.Part
---@param keys string as mappings write them
function M.accept_or_type(part, keys)
  if not ghost().accept(part) then
    feed(vim.keycode(keys), false)
  end
end

--- What an expression returns to do that: a `<Cmd>`, in which any keys can stand as numbers.
---@param part sidelong.Part
---@param keys string as mappings write them
---@return string
function M.expression(part, keys)
  local escaped = keys:gsub('.', function(byte)
    return ('\\%03d'):format(byte:byte())
  end)
  return ("<Cmd>lua require('sidelong.accept').accept_or_type('%s', '%s')<CR>"):format(part, escaped)
end

return M
