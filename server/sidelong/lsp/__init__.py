"""The language server; the only package that knows LSP, pygls and position encodings."""

from __future__ import annotations

from sidelong.lsp.options import ServeOptions
from sidelong.lsp.serve import serve_stdio, serve_tcp

__all__ = ["ServeOptions", "serve_stdio", "serve_tcp"]
