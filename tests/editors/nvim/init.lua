-- A user's init.lua as the tests want it; $SIDELONG_TEST says what they change.

local given = vim.json.decode(vim.env.SIDELONG_TEST)

vim.opt.runtimepath:prepend(given.plugin)
vim.o.swapfile = false
vim.o.more = false
vim.o.ruler = false
-- Room for messages: a "Press ENTER" would stop everything.
vim.o.cmdheight = 6
vim.o.completeopt = 'menuone,noinsert'
vim.g.sidelong = given.options
-- Neovim's own search for a Python imports from the project.
vim.g.loaded_python3_provider = 0

-- Every message, in the order it came.
_G.notified = {}
local notify = vim.notify
---@diagnostic disable-next-line: duplicate-set-field
vim.notify = function(message, ...)
  table.insert(_G.notified, message)
  return notify(message, ...)
end

vim.keymap.set('i', '<Tab>', function()
  return require('sidelong').accept_or('<Tab>')
end, { expr = true })
vim.keymap.set('i', '<C-l>', '<Plug>(sidelong-accept-line)')
vim.keymap.set('i', '<C-f>', '<Plug>(sidelong-accept-word)')
vim.keymap.set('i', '<M-]>', '<Plug>(sidelong-next)')
vim.keymap.set('i', '<M-[>', '<Plug>(sidelong-prev)')
vim.keymap.set('i', '<C-]>', '<Plug>(sidelong-dismiss)')
vim.keymap.set('i', '<M-s>', '<Plug>(sidelong-suggest)')

vim.cmd.runtime('plugin/sidelong.lua')
if given.enable then
  require('sidelong').enable(given.config)
end
