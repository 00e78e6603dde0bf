--- One suggestion and the place it was made for: what of it is left while the user types along, and
--- where its words and lines end. Knows no screen and no server.

local rpc = require('sidelong.rpc')

local M = {}

---@class sidelong.Suggestion
---@field row integer the line, from 0
---@field before string what stood on that line before the suggestion
---@field after string what stood on that line after the cursor; stays until all is accepted
---@field replaces integer how much of `after` in bytes goes when all is accepted
---@field text string what comes between the two; lines end in "\n"
---@field command? lsp.Command to be run when all is accepted

---@class sidelong.Place the cursor
---@field row integer from 0
---@field col integer counts bytes, from 0
---@field line string the whole line

--- The server's item, as asked for at `place`; nil for one that this place cannot show.
---@param item lsp.InlineCompletionItem
---@param place sidelong.Place
---@param encoding string of positions, as agreed with the server
---@return sidelong.Suggestion?
function M.from_item(item, place, encoding)
  local text = item.insertText
  if type(text) ~= 'string' then
    return nil
  end
  local first, last = place.col, place.col
  if item.range then
    if item.range.start.line ~= place.row or item.range['end'].line ~= place.row then
      return nil
    end
    first = rpc.byte(place.line, encoding, item.range.start.character)
    last = rpc.byte(place.line, encoding, item.range['end'].character)
  end
  if first > place.col or last < place.col then
    return nil
  end
  local suggestion = {
    row = place.row,
    before = place.line:sub(1, first),
    after = place.line:sub(place.col + 1),
    replaces = last - place.col,
    text = text:gsub('\r\n', '\n'),
    command = item.command,
  }
  return M.remaining(suggestion, place) and suggestion or nil
end

--- What is still to be inserted at the cursor: all of it, or less if the user has typed along; nil
--- once the text around the cursor is another, and if nothing would change.
---@param suggestion sidelong.Suggestion
---@param place sidelong.Place
---@return string?
function M.remaining(suggestion, place)
  local col = #suggestion.before
  if
    place.row ~= suggestion.row
    or place.col < col
    or place.line:sub(1, col) ~= suggestion.before
    or place.line:sub(place.col + 1) ~= suggestion.after
  then
    return nil
  end
  local typed = place.line:sub(col + 1, place.col)
  local rest = suggestion.text:sub(#typed + 1)
  if not vim.startswith(suggestion.text, typed) or rest == suggestion.after:sub(1, suggestion.replaces) then
    return nil
  end
  return rest
end

--- The suggestion that goes on at `place` with `rest`, after a part of it that holds a line break was
--- accepted.
---@param suggestion sidelong.Suggestion
---@param place sidelong.Place
---@param rest string
---@return sidelong.Suggestion
function M.moved(suggestion, place, rest)
  return {
    row = place.row,
    before = place.line:sub(1, place.col),
    after = suggestion.after,
    replaces = suggestion.replaces,
    text = rest,
    command = suggestion.command,
  }
end

local WORD = '[%w_\128-\255]+'
local SIGNS = '[^%w_%s\128-\255]+'

--- How many bytes of the text its first word takes, with the white space before it. A run of signs is
--- a word of its own.
---@param text string
---@return integer
function M.word(text)
  local first = text:find('%S') or #text + 1
  local _, last = text:find('^' .. WORD, first)
  if not last then
    _, last = text:find('^' .. SIGNS, first)
  end
  return last or #text
end

--- How many bytes of the text its first line takes, with the line breaks before it.
---@param text string
---@return integer
function M.line(text)
  local first = text:find('[^\n]') or #text + 1
  local next_break = text:find('\n', first, true)
  return next_break and next_break - 1 or #text
end

---@param text string
---@return integer
function M.all(text)
  return #text
end

return M
