--- What users call and map: start, accept, cycle, dismiss, and what to show in a statusline.
--- How ghost text works is in `sidelong.ghost`.

local M = {}

local function ghost()
  return require('sidelong.attach').ghost()
end

--- Start the server in every file from now on; `config` is merged into `lsp/sidelong.lua`.
--- On Neovim 0.11 and later this is `vim.lsp.config` and `vim.lsp.enable`, and works on 0.10 too.
---@param config? vim.lsp.Config
function M.enable(config)
  require('sidelong.server').enable(config)
end

--- Whether a suggestion is on the screen that can be accepted.
---@return boolean
function M.visible()
  return ghost().visible()
end

--- Accept the whole suggestion.
---@return boolean accepted false if there is none
function M.accept()
  return require('sidelong.accept').accept('all')
end

--- Accept the suggestion's next word.
---@return boolean accepted false if there is none
function M.accept_word()
  return require('sidelong.accept').accept('word')
end

--- Accept the suggestion up to the end of its line.
---@return boolean accepted false if there is none
function M.accept_line()
  return require('sidelong.accept').accept('line')
end

--- For `expr` mappings: what accepts, and types `keys` when there is nothing to accept.
---@param keys string as mappings write them, such as `<Tab>`
---@param part? sidelong.Part default: all
---@return string
function M.accept_or(keys, part)
  return M.visible() and require('sidelong.accept').expression(part or 'all', keys) or keys
end

--- Show the next suggestion; the first call asks the model for alternatives.
function M.next()
  ghost().cycle(1)
end

--- Show the suggestion before.
function M.prev()
  ghost().cycle(-1)
end

--- Take the suggestion away until the text changes or the cursor moves.
---@return boolean dismissed false if there was none
function M.dismiss()
  return ghost().dismiss()
end

--- Ask for a suggestion now, also where none came by itself.
function M.suggest()
  ghost().suggest()
end

--- What the server of a buffer does: its state and a sentence; nil if it has no server.
---@param bufnr? integer default: the current one
---@return sidelong.Status?
function M.status(bufnr)
  return require('sidelong.status').of(bufnr)
end

--- For statuslines: a word or two, and nothing in buffers without a server.
---@return string
function M.statusline()
  return require('sidelong.status').statusline()
end

return M
