--- `:Sidelong explain`: what became of the last request, and why nothing appeared.
--- The facts are the server's (`sidelong/explain`); here they are put into lines.

local M = {}

---@class sidelong.Explanation
---@field status sidelong.Status
---@field request? sidelong.ExplainedRequest

---@class sidelong.Gate
---@field probability? number
---@field threshold number
---@field rule string
---@field retrieved boolean
---@field corrected? number what was compared with the threshold in place of the probability

---@class sidelong.Remote
---@field host string
---@field sent_characters integer
---@field problem string
---@field sent? table<string, any>[] the bodies of the requests to it: the code that left

---@class sidelong.ExplainedRequest
---@field outcome string
---@field reason string
---@field recalled boolean
---@field accepted boolean
---@field remote? sidelong.Remote
---@field gate? sidelong.Gate
---@field chunks? { path: string, start_line: integer, end_line: integer, score: number }[]
---@field window? { prefix: integer, suffix: integer, context: integer, reason: string }
---@field tokens? { prompt: integer, evaluated: integer, generated: integer }
---@field ms table<string, number>

local BAR = 40

local outcomes = {
  shown = 'Something was suggested.',
  empty = 'There was nothing to suggest.',
  superseded = 'A newer request took its place.',
  cancelled = 'The editor took the request back.',
  stale = 'The text had changed before the answer was there.',
  off = 'Completion is switched off here.',
  ['not ready'] = 'The server was not ready.',
  failed = 'The request failed; :Sidelong log says more.',
}

---@param value any
---@return any nil for JSON's null too
local function known(value)
  if value ~= vim.NIL then
    return value
  end
end

--- The probability as a bar, with the threshold in it as `|`.
---@param probability number
---@param threshold number
---@return string
local function bar(probability, threshold)
  local cells = {} ---@type string[]
  for i = 1, BAR do
    cells[i] = i <= probability * BAR and '█' or '░'
  end
  cells[math.max(1, math.min(BAR, math.ceil(threshold * BAR)))] = '|'
  return table.concat(cells)
end

---@param gate sidelong.Gate
---@return string[]
local function decision(gate)
  local done = gate.retrieved and 'Other files were read' or 'Only this file was read'
  local corrected = known(gate.corrected)
  local probability = corrected or known(gate.probability)
  if gate.rule == 'always' or gate.rule == 'never' then
    return { ('%s: the setting retrieval.mode is "%s".'):format(done, gate.rule) }
  elseif not probability then
    return { done .. ': the model has no token to decide with.' }
  end
  local lines = { ('%s: P %.3f, threshold %.3f (%s).'):format(done, probability, gate.threshold, gate.rule) }
  table.insert(lines, '  ' .. bar(probability, gate.threshold))
  if corrected then
    table.insert(
      lines,
      ('  Corrected by what the search found, or was learnt here, from %.3f.'):format(gate.probability)
    )
  end
  if not gate.retrieved and gate.rule == 'threshold' and probability >= gate.threshold then
    table.insert(lines, '  The model wanted to, but nothing similar was found.')
  end
  return lines
end

---@param times table<string, number>
---@return string
local function spent(times)
  local parts = {} ---@type string[]
  for stage, ms in vim.spairs(times) do
    if stage ~= 'total' then
      table.insert(parts, ('%s %.1f'):format(stage, ms))
    end
  end
  local stages = #parts > 0 and (' (%s)'):format(table.concat(parts, ', ')) or ''
  return ('Time: %.1f ms%s'):format(times.total or 0, stages)
end

--- The requests to a remote model, whether they came through or not.
---@param remote sidelong.Remote
---@return string[]
local function sent(remote)
  local lines = {} ---@type string[]
  for _, body in ipairs(remote.sent or {}) do
    vim.list_extend(lines, { '', ('Sent to %s, or tried:'):format(remote.host) })
    for name, value in vim.spairs(body) do
      local text = type(value) == 'string' and '\n' .. value or ' ' .. vim.json.encode(value)
      table.insert(lines, ('  %s:%s'):format(name, (text:gsub('\n', '\n    '))))
    end
  end
  return lines
end

---@param request sidelong.ExplainedRequest
---@return string[]
local function about(request)
  local lines = { outcomes[request.outcome] or request.outcome }
  if request.reason ~= '' then
    table.insert(lines, (request.outcome == 'shown' and 'Cut: ' or 'Reason: ') .. request.reason)
  end
  if request.recalled then
    table.insert(lines, 'It was known already; the model was not asked.')
  end
  if request.accepted then
    table.insert(lines, 'It was accepted.')
  end
  local remote = known(request.remote) --[[@as sidelong.Remote?]]
  if remote then
    local done = remote.problem == '' and 'completed' or 'did not complete: ' .. remote.problem
    table.insert(lines, ('%s %s (%d characters sent)'):format(remote.host, done, remote.sent_characters))
  end
  if request.gate then
    vim.list_extend(lines, decision(request.gate))
    for _, chunk in ipairs(request.chunks or {}) do
      local place = ('%s:%d'):format(chunk.path, chunk.start_line)
      table.insert(lines, ('  %.2f  %s  to line %d'):format(chunk.score, place, chunk.end_line))
    end
  end
  local window = known(request.window)
  if window then
    table.insert(
      lines,
      ('Window: %d tokens before the cursor, %d after it, %d of other files: %s'):format(
        window.prefix,
        window.suffix,
        window.context,
        window.reason
      )
    )
  end
  local tokens = request.tokens
  if tokens then
    local counts = ('Tokens: %d in the prompt, %d of them evaluated, %d generated'):format(
      tokens.prompt,
      tokens.evaluated,
      tokens.generated
    )
    table.insert(lines, counts)
  end
  table.insert(lines, spent(request.ms))
  return remote and vim.list_extend(lines, sent(remote)) or lines
end

--- The explanation in lines; `bufnr` is the buffer it is about.
---@param explanation sidelong.Explanation
---@param bufnr integer
---@return string[]
function M.lines(explanation, bufnr)
  local status = require('sidelong.status').is_off(bufnr) and assert(require('sidelong.status').of(bufnr))
    or explanation.status
  local lines = { ('Server: %s (%s)'):format(status.message, status.state), '' }
  local request = known(explanation.request) --[[@as sidelong.ExplainedRequest?]]
  if request then
    vim.list_extend(lines, about(request))
  elseif require('sidelong.options').get().auto then
    table.insert(lines, 'Nothing has been asked about this file yet: type in it, then look again.')
  else
    table.insert(lines, 'Nothing has been asked about this file yet, and vim.g.sidelong.auto is false.')
  end
  -- A message of the server's may have several lines.
  return vim.split(table.concat(lines, '\n'), '\n', { plain = true })
end

--- Ask the server about a buffer and show its answer; gF on a path goes there.
---@param client vim.lsp.Client
---@param bufnr integer
function M.open(client, bufnr)
  local folder = require('sidelong.folders').of(client, bufnr)
  local params = { textDocument = require('sidelong.documents').identifier(client, bufnr) }
  require('sidelong.rpc').request(client, 'sidelong/explain', params, function(err, explanation)
    if err then
      vim.notify('sidelong: ' .. err.message, vim.log.levels.WARN)
      return
    end
    local shown = require('sidelong.window').show('explain', M.lines(explanation, bufnr))
    if folder then
      vim.bo[shown].path = vim.fn.fnameescape(vim.uri_to_fname(folder.uri))
    end
    vim.keymap.set('n', '<CR>', 'gF', { buffer = shown })
  end, bufnr)
end

return M
