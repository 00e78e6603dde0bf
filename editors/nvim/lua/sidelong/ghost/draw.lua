--- Puts a layout on the screen as extmarks and takes it away.

local layout = require('sidelong.ghost.layout')

local M = {}

local namespace = vim.api.nvim_create_namespace('sidelong.ghost')

--- Tabs as spaces, since virtual text has none; `column` is where the text begins on the screen.
---@param text string
---@param column integer
---@return string
local function expand(text, column)
  local width = vim.bo.tabstop
  local parts = vim.split(text, '\t', { plain = true })
  local expanded = ''
  for i, part in ipairs(parts) do
    expanded = expanded .. part
    if i < #parts then
      local at = column + vim.api.nvim_strwidth(expanded)
      expanded = expanded .. (' '):rep(width - at % width)
    end
  end
  return expanded
end

---@param chunks sidelong.Chunk[]
---@param column integer
---@return [string, string][] virtual_text, integer column after it
local function virtual(chunks, column)
  local texts = {} ---@type [string, string][]
  for _, chunk in ipairs(chunks) do
    local text = expand(chunk.text, column)
    column = column + vim.api.nvim_strwidth(text)
    table.insert(texts, { text, chunk.ghost and 'SidelongGhost' or 'Normal' })
  end
  return texts, column
end

--- Show `rest` at the cursor; `hint` stands behind the line.
---@param bufnr integer
---@param place sidelong.Place
---@param suggestion sidelong.Suggestion
---@param rest string
---@param hint? string
function M.show(bufnr, place, suggestion, rest, hint)
  M.clear(bufnr)
  local shape = layout.of(rest, suggestion.after, suggestion.replaces)
  local column = vim.fn.strdisplaywidth(place.line:sub(1, place.col))
  local function mark(offset, options)
    options.hl_mode = 'combine'
    vim.api.nvim_buf_set_extmark(bufnr, namespace, place.row, place.col + offset, options)
  end
  for _, piece in ipairs(shape.inline) do
    local at = column + vim.fn.strdisplaywidth(suggestion.after:sub(1, piece.offset), column)
    mark(piece.offset, {
      virt_text = (virtual({ { text = piece.text, ghost = true } }, at)),
      virt_text_pos = 'inline',
    })
  end
  if shape.over then
    local texts, ends = virtual(shape.over, column)
    local hidden_until = column + vim.fn.strdisplaywidth(suggestion.after, column)
    if hidden_until > ends then
      table.insert(texts, { (' '):rep(hidden_until - ends), 'Normal' })
    end
    mark(0, { virt_text = texts, virt_text_pos = 'overlay' })
  end
  if #shape.below > 0 then
    mark(0, {
      virt_lines = vim.tbl_map(function(chunks)
        return (virtual(chunks, 0))
      end, shape.below),
    })
  end
  if hint then
    mark(0, { virt_text = { { hint, 'SidelongHint' } }, virt_text_pos = 'eol' })
  end
end

---@param bufnr integer
function M.clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

return M
