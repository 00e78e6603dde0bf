"""The `sidelong` command: it finds the subcommand, and makes one line of whatever goes wrong.

A subcommand is the module of its name and is imported when it is asked for: `sidelong doctor`
must start where llama.cpp does not.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from argparse import REMAINDER
from collections.abc import Callable, Sequence
from typing import Final

from sidelong import __version__
from sidelong.cli.interruption import INTERRUPTED
from sidelong.cli.parser import Parser
from sidelong.errors import SidelongError

COMMANDS: Final = {
    "serve": "the language server, for editors",
    "complete": "complete at one place of a file and say how that came about",
    "index": "bring the kept index of a folder up to date",
    "eval": "say how good completions are in a folder, and what retrieval brings there",
    "calibrate": "find the threshold that suits a folder, by completing its own code",
    "compare": "say what changes between two models, on the code of a folder",
    "model": "your models: list them, fetch one, choose one",
    "doctor": "check the installation and say what to do about each problem",
}

OK, FAILURE, USAGE = 0, 1, 2
PIPE_CLOSED = 128 + 13
"""As a shell reports a program ended by SIGPIPE, which not every platform has."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `sidelong` with these arguments, by default the process's; the exit status."""
    return exit_status(lambda: _dispatch(arguments))


def exit_status(program: Callable[[], int]) -> int:
    """The program's exit status; an error that the user can mend becomes one line on stderr."""
    _replace_what_cannot_be_shown()
    try:
        status = program()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads the output any more; without this the interpreter says so again as it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except SidelongError as error:
        return _say(str(error))
    except OSError as error:
        return _say(f"{error.filename or 'the system'}: {error.strerror or error}.")
    return status


def _replace_what_cannot_be_shown() -> None:
    """A dash must not end the program on a terminal or pipe that has an old encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _dispatch(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.command not in COMMANDS:
        parser.error(
            f"there is no command {asked.command!r}" if asked.command else "a command is missing"
        )
    try:
        command = importlib.import_module(f"sidelong.cli.{asked.command}")
    except (ImportError, OSError, RuntimeError) as error:
        return _say(f"A part of sidelong cannot be loaded: {error}. `sidelong doctor` says more.")
    own = Parser(prog=f"sidelong {asked.command}", description=command.__doc__)
    command.configure(own)
    status: int = command.run(own.parse_args(asked.arguments))
    return status


def _parser() -> Parser:
    commands = "\n".join(f"  {name:<10}{does}" for name, does in COMMANDS.items())
    parser = Parser(
        prog="sidelong",
        description="Code completion that looks sideways into your repository when that helps.",
        epilog=f"commands:\n{commands}\n\n`sidelong COMMAND --help` says more of one.",
    )
    parser.add_argument("--version", action="version", version=f"sidelong {__version__}")
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="see below")
    parser.add_argument("arguments", nargs=REMAINDER, metavar="...", help="the command's own")
    return parser


def _say(message: str) -> int:
    print(f"sidelong: {message}", file=sys.stderr)
    return FAILURE
