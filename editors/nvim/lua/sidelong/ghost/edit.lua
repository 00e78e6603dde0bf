--- Puts accepted text into the buffer as an undo step of its own.

local request = require('sidelong.ghost.request')

local M = {}

--- Setting 'undolevels' ends an undo step, also in insert mode.
---@param bufnr integer
local function break_undo(bufnr)
  vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels
end

--- Insert `text` at the cursor in the place of the next `replaces` bytes, and go to its end.
---@param bufnr integer
---@param text string
---@param replaces integer
---@return sidelong.Place the cursor after it
function M.insert(bufnr, text, replaces)
  local place = request.place()
  local lines = vim.split(text, '\n', { plain = true })
  break_undo(bufnr)
  vim.api.nvim_buf_set_text(bufnr, place.row, place.col, place.row, place.col + replaces, lines)
  local col = #lines[#lines] + (#lines == 1 and place.col or 0)
  vim.api.nvim_win_set_cursor(0, { place.row + #lines, col })
  break_undo(bufnr)
  return request.place()
end

return M
