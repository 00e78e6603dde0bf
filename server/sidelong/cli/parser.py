"""The arguments of all subcommands: errors on one line, types of value, shared options."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from pathlib import Path
from typing import NoReturn

from sidelong import paths
from sidelong.models import store


class Parser(ArgumentParser):
    """A parser whose descriptions keep their lines and whose errors take one line and exit 2."""

    def __init__(self, *, prog: str, description: str | None, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Print the error and the way to help, and exit."""
        self.exit(2, f"sidelong: {message}. See `{self.prog} --help`.\n")


def add_model_options(parser: ArgumentParser) -> None:
    """The options that choose a model and limit its use of the machine; see `load_config`."""
    parser.add_argument(
        "--model",
        type=model_file,
        metavar="GGUF",
        help="a GGUF file, default, nano, or one of yours by its name (default: as configured)",
    )
    add_engine_options(parser)


def add_engine_options(parser: ArgumentParser) -> None:
    """The options for any model: its policy, and its use of the machine."""
    parser.add_argument(
        "--policy",
        type=model_file,
        metavar="GGUF",
        help="a model that decides in its place whether to retrieve",
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="processor threads the model may use"
    )


def model_file(text: str) -> Path:
    """The file of a model: a path, the name of one of the user's models, `default` or `nano`."""
    path = Path(text)
    if path.name != text or path.exists():
        return path
    shipped = {store.DEFAULT: paths.default_model(), store.NANO: paths.nano_model()}
    if text in shipped:
        return shipped[text]
    managed = store.file_of(paths.models_dir(), text)
    return managed if managed.is_file() else path


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def probability(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return value


def port(text: str) -> int:
    """A TCP port; 0 lets the system choose."""
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)
