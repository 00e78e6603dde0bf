--- A scratch window for what is read and closed again: q closes it.

local M = {}

--- Show lines beneath the current window; an older one of the same name is replaced.
---@param name string
---@param lines string[]
---@return integer bufnr
function M.show(name, lines)
  local title = 'sidelong://' .. name
  local old = vim.fn.bufnr(title)
  if old ~= -1 then
    vim.api.nvim_buf_delete(old, { force = true })
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, title)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].filetype = 'sidelong-' .. name
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, nowait = true })
  local height = math.max(3, math.min(#lines, math.floor(vim.o.lines / 2)))
  vim.api.nvim_open_win(bufnr, true, { split = 'below', height = height })
  vim.wo.wrap = true
  vim.wo.number = false
  vim.wo.relativenumber = false
  return bufnr
end

return M
