"""The parser of settings: from a JSON or TOML section to values.

Getting the sections (from the editor, the command line, the config file) and ranking them is left
to the callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

from sidelong import paths
from sidelong.settings import Settings, UserSettings

Section: TypeAlias = Mapping[str, object]


def parse_settings(section: Section, base: Settings | None = None) -> tuple[Settings, list[str]]:
    """`base` with the section's folder settings on top, and one message per refused value.

    A setting with a refused value keeps the value of `base`; `null` means "not set".
    User-only and unknown names are ignored.
    """
    return _parse(section, base or Settings(), _FOLDER)


def parse_user_settings(
    section: Section, base: UserSettings | None = None
) -> tuple[UserSettings, list[str]]:
    """`base` with the section's user-only settings on top, and one message per refused value."""
    return _parse(section, base or UserSettings(), _USER)


def user_only_names(section: Section) -> list[str]:
    """The names of the user-only settings that the section sets."""
    return [f"sidelong.{name}" for name in _USER if _lookup(section, name) is not None]


def unknown_names(section: Section) -> list[str]:
    """The names in the section that are no settings of ours, such as misspelled ones."""
    known = {*_FOLDER, *_USER}
    return [f"sidelong.{name}" for name in _leaves(section) if not _is_known(name, known)]


@dataclass(frozen=True)
class _Setting:
    """One setting: the attribute that holds it, the allowed values in words, and its parser."""

    attribute: str
    allowed: str
    read: Callable[[object], object]


class _Refused(ValueError):
    pass


_S = TypeVar("_S", Settings, UserSettings)


def _parse(section: Section, base: _S, table: Mapping[str, _Setting]) -> tuple[_S, list[str]]:
    changes: dict[str, Any] = {}
    messages = []
    for name, setting in table.items():
        value = _lookup(section, name)
        if value is None:
            continue
        try:
            changes[setting.attribute] = setting.read(value)
        except _Refused:
            messages.append(
                f"sidelong.{name}: {value!r} is not allowed. "
                f"Set it to {setting.allowed}; until then it counts as not set."
            )
    return replace(base, **changes), messages


def _lookup(section: Section, name: str) -> object:
    """The value of a dotted name, which the section may nest or spell with dots."""
    if name in section:
        return section[name]
    head, _, rest = name.partition(".")
    inner = section.get(head)
    return _lookup(inner, rest) if rest and isinstance(inner, Mapping) else None


def _leaves(section: Section, prefix: str = "") -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, Mapping) and f"{prefix}{key}" != "languages":
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _is_known(name: str, known: set[str]) -> bool:
    return name in known or name.startswith("languages.")


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Refused
    return value


def _languages(value: object) -> Mapping[str, bool]:
    if not isinstance(value, Mapping):
        raise _Refused
    return MappingProxyType({str(language): _boolean(on) for language, on in value.items()})


def _patterns(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _Refused
    if not all(isinstance(pattern, str) for pattern in value):
        raise _Refused
    return tuple(value)


def _model(value: object) -> Path | None:
    """A file, or one of the package's models by its name; None for the one that suits."""
    if value == "auto":
        return None
    if value == "default":
        return paths.default_model()
    return paths.nano_model() if value == "nano" else _path(value)


def _path(value: object) -> Path | None:
    if not isinstance(value, str):
        raise _Refused
    try:
        return Path(value).expanduser() if value.strip() else None
    except RuntimeError:  # the home folder of somebody who has none here
        raise _Refused from None


def _address(value: object) -> str | None:
    """An address without a name, password or query, which belong into no settings file."""
    if not isinstance(value, str):
        raise _Refused
    address = value.strip()
    if not address.isprintable() or any(map(str.isspace, address)):
        raise _Refused
    try:
        parts = urlsplit(address)
        (parts.hostname or "").encode("idna")  # as a name is looked up
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        raise _Refused from None
    if not address:
        return None
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise _Refused
    return address


def _name(value: object) -> str | None:
    if not isinstance(value, str):
        raise _Refused
    return value.strip() or None


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise _Refused
    return float(value)


def _minutes(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Refused
    if not 0 <= value <= _MOST_MINUTES:
        raise _Refused
    return value


def _one_of(*words: str) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value not in words:
            raise _Refused
        return value

    return read


def _whole(low: int, high: int) -> Callable[[object], object]:
    def read(value: object) -> int:
        # Lua and some JSON writers have one number type: 8.0 is a whole number.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _Refused
        return value

    return read


def _or_empty(read: Callable[[object], object]) -> Callable[[object], object]:
    """`read`, where the empty text of a settings editor means "not set"."""
    return lambda value: None if value == "" else read(value)


def _number(attribute: str, low: int, high: int) -> _Setting:
    return _Setting(attribute, f"a whole number from {low} to {high}", _whole(low, high))


def _switch(attribute: str) -> _Setting:
    return _Setting(attribute, "true or false", _boolean)


_MOST_TOKENS: Final = 131_072
_MOST_MINUTES: Final = 10_080

REMOTE_FORMATS: Final = (
    "qwen2.5-coder", "codegemma", "starcoder2", "starcoder", "granite-code", "deepseek-coder",
    "codestral", "mellum", "seed-coder", "codellama", "infill",
)  # fmt: skip
"""The formats of prompts that `engine.remote` knows."""

_FOLDER: Final[Mapping[str, _Setting]] = {
    "enabled": _switch("enabled"),
    "languages": _Setting(
        "languages", 'an object of language ids to true or false, "*" for the rest', _languages
    ),
    "exclude": _Setting("exclude", "a list of .gitignore patterns", _patterns),
    "retrieval.mode": _Setting(
        "retrieval", '"auto", "always" or "never"', _one_of("auto", "always", "never")
    ),
    "retrieval.rule": _Setting("rule", '"threshold" or "greedy"', _one_of("threshold", "greedy")),
    "retrieval.threshold": _Setting("threshold", "a number from 0 to 1", _probability),
    "retrieval.maxChunks": _number("max_chunks", 0, 100),
    "budget.prefix": _number("prefix_tokens", 16, _MOST_TOKENS),
    "budget.suffix": _number("suffix_tokens", 0, _MOST_TOKENS),
    "budget.context": _number("context_tokens", 0, _MOST_TOKENS),
    "budget.generated": _number("max_tokens", 1, 4096),
    "maxLines": _number("max_lines", 1, 1000),
    "minProbability": _Setting("min_probability", "a number from 0 to 1", _probability),
    "debounce": _number("debounce_ms", 0, 10_000),
    "tokenHealing": _switch("token_healing"),
    "workspaceCache": _switch("workspace_cache"),
}

_USER: Final[Mapping[str, _Setting]] = {
    "model.path": _Setting("model", 'the path of a GGUF file, "default", "nano" or "auto"', _model),
    "model.policy": _Setting("policy", 'the path of a GGUF file, "default" or "nano"', _model),
    "model.remote": _Setting(
        "remote",
        "an http or https address without a password, blanks or invisible characters",
        _address,
    ),
    "model.remoteFormat": _Setting(
        "remote_format",
        ", ".join(f'"{name}"' for name in REMOTE_FORMATS[:-1]) + f' or "{REMOTE_FORMATS[-1]}"',
        _or_empty(_one_of(*REMOTE_FORMATS)),
    ),
    "model.remoteName": _Setting("remote_name", "a name", _name),
    "model.remoteTimeout": _number("remote_timeout_ms", 100, 60_000),
    "model.remotePlainToken": _switch("remote_plain_token"),
    "model.unloadAfterMinutes": _Setting(
        "unload_after_minutes", f"a number from 0 to {_MOST_MINUTES}", _minutes
    ),
    "threads": _number("threads", 1, 1024),
    "gpuLayers": _number("gpu_layers", -1, 10_000),
    "contextSize": _number("n_ctx", 256, _MOST_TOKENS),
    "countAcceptance": _switch("count_acceptance"),
    "completion.enabled": _switch("completion"),
}
