-- The language server's entry for `vim.lsp.enable('sidelong')`; override parts of it with
-- `vim.lsp.config('sidelong', { ... })`.

local server = require('sidelong.server')
local isolation = server.isolation()

---@type vim.lsp.Config
return {
  cmd = server.command(),
  cmd_cwd = isolation.cwd,
  cmd_env = isolation.env,
  root_markers = server.ROOT_MARKERS,
  root_dir = server.root_dir,
  reuse_client = require('sidelong.folders').reuse_client,
  settings = { sidelong = {} },
  handlers = {
    ['sidelong/status'] = require('sidelong.status').on_status,
    ['workspace/configuration'] = require('sidelong.settings').on_configuration,
  },
  on_init = require('sidelong.documents').on_init,
  on_exit = require('sidelong.restart').on_exit,
}
