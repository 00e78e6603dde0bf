-- What stands at start-up: the command, the `<Plug>` maps, the colours, and one autocommand.
-- Everything else is loaded when a server attaches.

if vim.g.loaded_sidelong then
  return
end
vim.g.loaded_sidelong = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.api.nvim_echo({ { 'sidelong needs Neovim 0.10 or later.', 'WarningMsg' } }, true, {})
  return
end

local group = vim.api.nvim_create_augroup('sidelong', {})

vim.api.nvim_create_autocmd({ 'LspAttach', 'LspDetach' }, {
  group = group,
  desc = 'Ghost text in buffers that sidelong serves',
  callback = function(event)
    require('sidelong.attach').on_event(event)
  end,
})

vim.api.nvim_create_autocmd('FileType', {
  group = group,
  desc = 'Say it if sidelong is enabled but not installed',
  callback = function(event)
    if vim.bo[event.buf].buftype == '' then
      require('sidelong.server').on_file()
    end
  end,
})

local function set_highlights()
  vim.api.nvim_set_hl(0, 'SidelongGhost', { link = 'Comment', default = true })
  vim.api.nvim_set_hl(0, 'SidelongHint', { link = 'NonText', default = true })
end
set_highlights()
vim.api.nvim_create_autocmd('ColorScheme', { group = group, callback = set_highlights })

vim.api.nvim_create_user_command('Sidelong', function(args)
  require('sidelong.command').run(args.fargs)
end, {
  nargs = '+',
  desc = 'sidelong: explain, toggle, retrieval, status, doctor, log, restart',
  complete = function(lead, line)
    return require('sidelong.command').complete(lead, line)
  end,
})

-- `<Cmd>` runs at its place among the typed keys and without a textlock, whatever the mapping
-- that leads here is.
for name, call in pairs({
  accept = 'accept()',
  ['accept-word'] = 'accept_word()',
  ['accept-line'] = 'accept_line()',
  next = 'next()',
  prev = 'prev()',
  dismiss = 'dismiss()',
  suggest = 'suggest()',
}) do
  vim.keymap.set(
    'i',
    ('<Plug>(sidelong-%s)'):format(name),
    ("<Cmd>lua require('sidelong').%s<CR>"):format(call)
  )
end
vim.keymap.set({ 'n', 'i' }, '<Plug>(sidelong-toggle)', '<Cmd>Sidelong toggle<CR>')
vim.keymap.set('n', '<Plug>(sidelong-explain)', '<Cmd>Sidelong explain<CR>')
