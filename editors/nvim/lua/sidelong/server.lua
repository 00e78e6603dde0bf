--- Where the server's program is, for which root it is started, and starting it by hand.
--- What it is started with stands in `lsp/sidelong.lua`.

local M = {}

M.ROOT_MARKERS = {
  '.git',
  '.hg',
  'pyproject.toml',
  'package.json',
  'Cargo.toml',
  'go.mod',
  'pom.xml',
  'CMakeLists.txt',
}

local overrides = {} ---@type table the user's, on Neovim 0.10

---@return string
function M.log_file()
  return vim.fs.joinpath(vim.fn.stdpath('log') --[[@as string]], 'sidelong.log')
end

--- The command line: `sidelong` in the path, else where `uv tool` and `pipx` put it, which is not in
--- the path of a Neovim started from a desktop.
---@return string[]
function M.command()
  local program = 'sidelong'
  local installed = vim.fs.normalize('~/.local/bin/sidelong')
  if vim.fn.executable(program) == 0 and vim.fn.executable(installed) == 1 then
    program = installed
  end
  return { program, 'serve', '--log-file', M.log_file() }
end

--- Where and with which variables our programs run: Python would import a `json.py` that lies in its
--- working folder or in `PYTHONPATH`, which in a Neovim may both be the project's.
---@return { cwd: string, env: table<string, string> }
function M.isolation()
  local home = vim.fs.normalize('~')
  return {
    -- The root of the file system: the home folder may be the project that is open.
    cwd = home:match('^%a:') and home:sub(1, 2) .. '/' or '/',
    -- To Python an empty variable is none.
    env = { PYTHONPATH = '', PYTHONHOME = '', PYTHONSAFEPATH = '1' },
  }
end

--- What to start, with the user's changes.
---@return vim.lsp.Config
function M.config()
  if vim.fn.has('nvim-0.11') == 1 then
    return (vim.lsp.config --[[@as table<string, vim.lsp.Config>]])['sidelong']
  end
  local file = vim.api.nvim_get_runtime_file('lsp/sidelong.lua', false)[1]
  return vim.tbl_deep_extend('force', { name = 'sidelong' }, dofile(file), overrides)
end

--- Why the server cannot be started, in one sentence with the way out; nil if it can.
---@param config vim.lsp.Config
---@return string?
function M.missing(config)
  local program = type(config.cmd) == 'table' and config.cmd[1]
  if not program or vim.fn.executable(program) == 1 then
    return nil
  end
  return ('sidelong: the program %q is not installed, so nothing is completed. '):format(program)
    .. 'Install it, or name its place in vim.lsp.config; see :help sidelong-install.'
end

local told = false

--- Say once that the server is not installed, if it is not.
---@return boolean installed
local function say_if_missing()
  local missing = M.missing(M.config())
  if missing and not told then
    told = true
    vim.notify(missing, vim.log.levels.WARN)
  end
  return not missing
end

--- Called for each file that is opened: `vim.lsp.enable` passes over a program that is not there
--- without a word.
function M.on_file()
  if not told and vim.lsp.is_enabled and vim.lsp.is_enabled('sidelong') then
    say_if_missing()
  end
end

--- Decides the root of a buffer; nothing is started where the server is not installed.
---@param bufnr integer
---@param on_dir fun(root?: string)
function M.root_dir(bufnr, on_dir)
  if say_if_missing() then
    on_dir(vim.fs.root(bufnr, M.config().root_markers or M.ROOT_MARKERS))
  end
end

--- Start the server for a buffer, or attach it to the one that runs.
---@param bufnr integer
function M.start(bufnr)
  if not vim.api.nvim_buf_is_loaded(bufnr) or vim.bo[bufnr].buftype ~= '' then
    return
  end
  local config = vim.deepcopy(M.config()) --[[@as table]]
  local filetypes = config.filetypes ---@type string[]?
  if filetypes and not vim.list_contains(filetypes, vim.bo[bufnr].filetype) then
    return
  end
  local function start(root)
    config.root_dir = root
    vim.lsp.start(
      config --[[@as vim.lsp.ClientConfig]],
      { bufnr = bufnr, reuse_client = config.reuse_client }
    )
  end
  if type(config.root_dir) == 'function' then
    config.root_dir(bufnr, start)
  else
    start(config.root_dir)
  end
end

--- Start the server in every file from now on.
---@param config? vim.lsp.Config
function M.enable(config)
  if vim.fn.has('nvim-0.11') == 1 then
    vim.lsp.config('sidelong', config or {})
    vim.lsp.enable('sidelong')
    return
  end
  overrides = config or {}
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('sidelong.enable', {}),
    callback = function(event)
      M.start(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    M.start(bufnr)
  end
end

--- The running client, of a buffer if one is named.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ name = 'sidelong', bufnr = bufnr })[1]
end

return M
