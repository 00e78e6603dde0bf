"""Complete with one of your models from now on, or with a shipped one: default, nano, or auto.

auto is the one of the two that suits this machine, by its measured speed.

The model is checked, and then named in your own config file, which running editors notice.
An editor whose own settings name a model keeps that one.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Final

from sidelong import paths
from sidelong.cli.config import load_config
from sidelong.cli.models.checking import check
from sidelong.cli.user_config import write_setting
from sidelong.errors import ModelError
from sidelong.models import store
from sidelong.models.store import Facts, Installed
from sidelong.settings import UserSettings

SETTING = "model.path"

_SHIPPED: Final = {
    store.AUTO: "The shipped model that suits this machine",
    store.DEFAULT: "default, the better of the shipped models,",
    store.NANO: "nano, the small one of the shipped models,",
}


def configure(parser: ArgumentParser) -> None:
    """Add the arguments of `sidelong model use`."""
    parser.add_argument("name", metavar="NAME|default|nano|auto")


def run(args: Namespace) -> int:
    """Check the model and name it in the config file; running editors change over by themselves."""
    config = paths.config_file()
    if args.name in _SHIPPED:
        write_setting(config, SETTING, None if args.name == store.AUTO else args.name)
        print(f"{_SHIPPED[args.name]} completes from now on, in running editors too.")
        return 0
    model = store.find(paths.models_dir(), args.name)
    _check(model)
    write_setting(config, SETTING, str(model.path.resolve()))
    print(f"{model.name} completes from now on, in running editors too.")
    return 0


def role(path: Path, user: UserSettings) -> str | None:
    """The role of the file in the settings: "model", "policy" or None."""
    used = {"model": user.model or user.shipped or paths.default_model(), "policy": user.policy}
    path = path.resolve()
    return next((name for name, file in used.items() if file and file.resolve() == path), None)


def _check(model: Installed) -> None:
    """Check it with all of the user's settings, and keep the facts found."""
    facts = model.facts or Facts(model.size_bytes)
    try:
        facts = check(model.path, load_config(Path.cwd()).user, facts)
    except ModelError as error:
        store.write_facts(model.path, replace(facts, problem=str(error)))
        raise
    store.write_facts(model.path, facts)
