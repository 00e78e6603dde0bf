"""`initialize`: the client names its folders and the user's options."""

from __future__ import annotations

from lsprotocol import types
from pygls.uris import from_fs_path

from sidelong.lsp.methods.completion import OPTIONS, completion
from sidelong.lsp.server import Server
from sidelong.lsp.uris import file_name


def initialize(server: Server, params: types.InitializeParams) -> None:
    """Store the options and the folders; nothing starts before `initialized`."""
    server.configuration.set_user(params.initialization_options)
    if server.configuration.offers_completion(server.config_file[0]):
        server.feature(types.TEXT_DOCUMENT_COMPLETION, OPTIONS)(completion)
    for uri, name in _folders(params):
        server.folders.add(uri, name)


def _folders(params: types.InitializeParams) -> list[tuple[str, str]]:
    """URIs and names of the workspace folders, or of the one root that older clients have."""
    if params.workspace_folders:
        return [(folder.uri, folder.name) for folder in params.workspace_folders]
    root = params.root_uri or (from_fs_path(params.root_path) if params.root_path else None)
    return [(root, file_name(root))] if root else []
