"""Keep models of your own: list them, bring them in, choose one, delete them.

Only `pull` asks the network, and only for what you name.
A model is checked before it is used: its special tokens, and a few tokens evaluated.
"""

from __future__ import annotations

import importlib
from argparse import REMAINDER, ArgumentParser, Namespace
from typing import Final

from sidelong.cli.parser import Parser

ACTIONS: Final = {
    # action: the module of `models` that does it
    "list": "listing",
    "add": "adding",
    "pull": "pulling",
    "use": "using",
    "remove": "removing",
}

_HELP: Final = """\
actions:
  list                 your models, and some that could be had (default)
  add FILE             bring in a copy of a GGUF file
  pull REPO[:FILE]     download one from the Hugging Face Hub
  use NAME             complete with it from now on, in running editors too; NAME is one of
                       yours, default, nano, or auto for the one of these two that suits
  remove NAME          delete it

`sidelong model ACTION --help` says more of one."""


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong model`."""
    parser.epilog = _HELP
    parser.add_argument(
        "action", nargs="?", choices=ACTIONS, default="list", metavar="ACTION", help="see below"
    )
    parser.add_argument("arguments", nargs=REMAINDER, metavar="...", help="the action's own")


def run(args: Namespace) -> int:
    """Do what was asked, in the module of the action."""
    action = importlib.import_module(f"sidelong.cli.models.{ACTIONS[args.action]}")
    own = Parser(prog=f"sidelong model {args.action}", description=action.__doc__)
    action.configure(own)
    status: int = action.run(own.parse_args(args.arguments))
    return status
