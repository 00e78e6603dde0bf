"""Serve an editor over stdin and stdout, or over TCP on this machine for debugging.

Editors start this themselves; see "Editors" in README.md.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sidelong.cli.parser import add_model_options, port
from sidelong.lsp import ServeOptions, serve_stdio, serve_tcp

LEVELS = ("debug", "info", "warning", "error")


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong serve`."""
    parser.add_argument("--stdio", action="store_true", help="the default; some editors add it")
    parser.add_argument("--tcp", type=port, metavar="PORT", help="listen on 127.0.0.1 instead")
    add_model_options(parser)
    parser.add_argument(
        "--completion",
        action="store_true",
        help="offer textDocument/completion too, for editors without ghost text",
    )
    parser.add_argument("--log-level", choices=LEVELS, default="info", help="default: info")
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="log here, not to stderr")


def run(args: Namespace) -> int:
    """Serve until the client is done; the exit status that LSP asks for."""
    given = {
        "model.path": args.model and str(args.model.resolve()),
        "model.policy": args.policy and str(args.policy.resolve()),
        "threads": args.threads,
        "completion.enabled": args.completion or None,
    }
    options = ServeOptions(
        overrides={name: value for name, value in given.items() if value is not None},
        log_level=args.log_level,
        log_file=args.log_file,
    )
    if args.tcp is None:
        return serve_stdio(options)
    return serve_tcp(options, port=args.tcp)
