--- Where the pieces of a suggestion go on the screen, so that it shows exactly what accepting makes
--- of the line. Knows neither buffers nor extmarks.

local M = {}

---@class sidelong.Piece
---@field offset integer counts bytes from the cursor on
---@field text string

---@class sidelong.Layout
---@field inline sidelong.Piece[] texts between what stands after the cursor
---@field over? sidelong.Chunk[] text that hides all that stands after the cursor
---@field below sidelong.Chunk[][] whole lines beneath

---@class sidelong.Chunk
---@field text string
---@field ghost boolean false for text of the buffer that is shown at another place

--- The pieces of `text` that come between the bytes of `kept`, if `text` contains these in order. They
--- are matched from the right, where brackets and quotes that are there already stand.
---@param text string
---@param kept string
---@return sidelong.Piece[]?
local function weave(text, kept)
  local pieces = {} ---@type sidelong.Piece[]
  local last = #text
  for offset = #kept, 1, -1 do
    local at = last
    while at > 0 and text:byte(at) ~= kept:byte(offset) do
      at = at - 1
    end
    if at == 0 then
      return nil
    end
    if at < last then
      table.insert(pieces, 1, { offset = offset, text = text:sub(at + 1, last) })
    end
    last = at - 1
  end
  if last > 0 then
    table.insert(pieces, 1, { offset = 0, text = text:sub(1, last) })
  end
  return pieces
end

--- Lay out `rest`, which will come to stand before `after`, less its first `replaces` bytes.
---@param rest string
---@param after string
---@param replaces integer
---@return sidelong.Layout
function M.of(rest, after, replaces)
  local lines = vim.split(rest, '\n', { plain = true })
  local first = assert(lines[1])
  local replaced, tail = after:sub(1, replaces), after:sub(replaces + 1)
  if #lines == 1 then
    -- Only signs are matched one by one: pieces in the midst of words would be hard to read.
    local pieces = not replaced:find('[%w\128-\255]') and weave(rest, replaced) or nil
    if pieces then
      return { inline = pieces, below = {} }
    end
    local over = { { text = rest, ghost = true }, { text = tail, ghost = false } } ---@type sidelong.Chunk[]
    return { inline = {}, over = over, below = {} }
  end
  local below = {} ---@type sidelong.Chunk[][]
  for i = 2, #lines do
    below[i - 1] = { { text = lines[i], ghost = true } }
  end
  if after == '' then
    return { inline = { { offset = 0, text = first } }, below = below }
  end
  table.insert(below[#below], { text = tail, ghost = false })
  return { inline = {}, over = { { text = first, ghost = true } }, below = below }
end

return M
