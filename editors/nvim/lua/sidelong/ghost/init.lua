--- Ghost text in insert mode: when to ask, what is shown, and what becomes of it.
--- Drawing, asking and the arithmetic of suggestions are in the files beside this one.

local draw = require('sidelong.ghost.draw')
local edit = require('sidelong.ghost.edit')
local menus = require('sidelong.menus')
local options = require('sidelong.options')
local request = require('sidelong.ghost.request')
local rpc = require('sidelong.rpc')
local server = require('sidelong.server')
local status = require('sidelong.status')
local suggestions = require('sidelong.ghost.suggestion')

---@class sidelong.OwnGhost: sidelong.Ghost
local M = {}

---@class sidelong.Shown
---@field bufnr integer
---@field all sidelong.Suggestion[]
---@field index integer
---@field complete boolean the server was asked by hand, and has no others

local shown ---@type sidelong.Shown?
local asked ---@type string? the moment that was last asked about, or dismissed

local augroup = vim.api.nvim_create_augroup('sidelong.ghost', {})

---@return sidelong.Suggestion? suggestion, string? rest, sidelong.Place? place
local function current()
  if not shown or shown.bufnr ~= vim.api.nvim_get_current_buf() then
    return nil
  end
  local suggestion, place = shown.all[shown.index], request.place()
  local rest = suggestion and suggestions.remaining(suggestion, place)
  if rest then
    return suggestion, rest, place
  end
end

--- Take away what is shown and what is being waited for.
local function clear()
  request.cancel()
  if shown then
    draw.clear(shown.bufnr)
    shown = nil
  end
end

---@return boolean drawn false if nothing of what was shown fits any more
local function redraw()
  local suggestion, rest, place = current()
  if not shown or not suggestion or not rest or not place then
    return false
  end
  local hint = #shown.all > 1 and ('(%d/%d)'):format(shown.index, #shown.all) or nil
  draw.show(shown.bufnr, place, suggestion, rest, hint)
  return true
end

---@param bufnr integer
---@param found sidelong.Suggestion[]
---@param complete boolean
local function show(bufnr, found, complete)
  if #found == 0 or menus.open() then
    return
  end
  shown = { bufnr = bufnr, all = found, index = 1, complete = complete }
  redraw()
end

--- Called whenever text or cursor may have changed in insert mode.
local function update()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.client(bufnr)
  if not client or status.is_off(bufnr) or not request.inserting() then
    clear()
  elseif menus.open() then
    clear()
    asked = nil
  elseif not redraw() then
    local config = options.get()
    if asked == request.moment() then
      return
    end
    clear()
    -- A macro that is being replayed types faster than anyone reads.
    if not config.auto or vim.fn.reg_executing() ~= '' then
      return
    end
    asked = request.moment()
    request.ask(client, bufnr, request.TRIGGER.AUTOMATIC, config.debounce_ms, function(found)
      show(bufnr, found, false)
    end)
  end
end

local function leave()
  clear()
  asked = nil
end

-- `InsertLeave` would miss CTRL-C.
vim.api.nvim_create_autocmd('ModeChanged', { group = augroup, pattern = 'i*:[^i]*', callback = leave })

function M.attach(bufnr)
  vim.api.nvim_clear_autocmds({ group = augroup, buffer = bufnr })
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = augroup, buffer = bufnr, callback = callback })
  end
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, update)
  -- The mode still is another, and the menu still there, while these run.
  on({ 'InsertEnter', 'CompleteDone' }, vim.schedule_wrap(update))
  on({ 'BufLeave', 'BufUnload' }, leave)
  -- Somebody may be typing already when the server comes.
  vim.schedule(function()
    if vim.api.nvim_get_current_buf() == bufnr then
      asked = nil
      update()
    end
  end)
end

function M.detach(bufnr)
  vim.api.nvim_clear_autocmds({ group = augroup, buffer = bufnr })
  if shown and shown.bufnr == bufnr then
    draw.clear(bufnr)
    shown = nil
  end
  asked = nil
end

function M.visible()
  return current() ~= nil and request.inserting()
end

---@param suggestion sidelong.Suggestion
---@param rest string
local function finish(suggestion, rest)
  local bufnr = vim.api.nvim_get_current_buf()
  edit.insert(bufnr, rest, suggestion.replaces)
  clear()
  local client = server.client(bufnr)
  if client and suggestion.command then
    rpc.execute(client, suggestion.command, bufnr)
  end
end

---@param suggestion sidelong.Suggestion
---@param rest string
---@param part sidelong.Part
local function take(suggestion, rest, part)
  local bufnr = vim.api.nvim_get_current_buf()
  local taken = rest:sub(1, suggestions[part](rest))
  if taken == rest then
    finish(suggestion, rest)
    return
  end
  local place = edit.insert(bufnr, taken, 0)
  if taken:find('\n', 1, true) then
    suggestion = suggestions.moved(suggestion, place, rest:sub(#taken + 1))
  end
  shown = { bufnr = bufnr, all = { suggestion }, index = 1, complete = false }
  redraw()
end

function M.accept(part)
  local suggestion, rest = current()
  if not suggestion or not rest or not request.inserting() then
    return false
  end
  take(suggestion, rest, part)
  return true
end

function M.dismiss()
  local visible = M.visible()
  clear()
  asked = request.moment()
  return visible
end

function M.suggest()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = server.client(bufnr)
  if not client then
    vim.notify(
      'sidelong: no server is attached to this buffer; see :checkhealth sidelong.',
      vim.log.levels.WARN
    )
    return
  end
  clear()
  asked = request.moment()
  request.ask(client, bufnr, request.TRIGGER.BY_HAND, 0, function(found)
    if #found == 0 then
      vim.api.nvim_echo({ { 'sidelong: nothing to suggest; :Sidelong explain says why.' } }, true, {})
    end
    show(bufnr, found, true)
  end)
end

--- Those of `found` that would insert something new.
---@param found sidelong.Suggestion[]
---@return sidelong.Suggestion[]
local function news(found)
  local place, known = request.place(), {} ---@type sidelong.Place, table<string, true>
  for _, suggestion in ipairs(shown and shown.all or {}) do
    known[suggestions.remaining(suggestion, place) or ''] = true
  end
  return vim.tbl_filter(function(suggestion)
    local rest = suggestions.remaining(suggestion, place) or ''
    local new = not known[rest]
    known[rest] = true
    return new
  end, found)
end

---@param index integer
local function select(index)
  if shown then
    shown.index = (index - 1) % #shown.all + 1
    redraw()
  end
end

function M.cycle(step)
  local client = shown and server.client(shown.bufnr)
  if not shown or not client then
    M.suggest()
    return
  end
  local index = shown.index + step
  if shown.complete then
    select(index)
    return
  end
  request.ask(client, shown.bufnr, request.TRIGGER.BY_HAND, 0, function(found)
    if shown then
      vim.list_extend(shown.all, news(found))
      shown.complete = true
      select(index)
      if #shown.all == 1 then
        vim.api.nvim_echo({ { 'sidelong: there is no other suggestion.' } }, true, {})
      end
    end
  end)
end

return M
