--- What begins and ends with the server of a buffer: above all ghost text, by Neovim's own means where
--- it has them.

local M = {}

---@class sidelong.Ghost what both kinds of ghost text can do
---@field attach fun(bufnr: integer, client: vim.lsp.Client)
---@field detach fun(bufnr: integer)
---@field visible fun(): boolean
---@field accept fun(part: sidelong.Part): boolean not while text is locked
---@field cycle fun(step: integer)
---@field dismiss fun(): boolean
---@field suggest fun()

--- The kind of ghost text that this Neovim and the user's options call for.
---@return sidelong.Ghost
function M.ghost()
  if vim.lsp.inline_completion and require('sidelong.options').get().builtin then
    return require('sidelong.ghost.builtin')
  end
  return require('sidelong.ghost')
end

--- Handles `LspAttach` and `LspDetach`.
---@param event { event: string, buf: integer, data: { client_id: integer } }
function M.on_event(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if not client or client.name ~= 'sidelong' then
    return
  end
  if event.event == 'LspAttach' then
    require('sidelong.folders').tell(client)
    require('sidelong.rest').attach(event.buf)
    M.ghost().attach(event.buf, client)
  else
    M.ghost().detach(event.buf)
    require('sidelong.rest').detach(event.buf)
    require('sidelong.documents').close(client, event.buf)
    require('sidelong.restart').remember(client.id, event.buf)
  end
  require('sidelong.status').changed()
end

return M
