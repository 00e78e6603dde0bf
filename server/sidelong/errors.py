"""The exceptions that cross module borders; every message names the thing, the fact, the remedy.

    SidelongError
    ├── SettingsError            a setting that cannot be used
    └── ModelError               the model cannot serve; the server keeps running
        ├── ModelMissing         there is no such file
        ├── ModelUnreadable      not a GGUF, or a damaged one
        ├── ModelUnsupported     a GGUF that this llama.cpp cannot run
        ├── ModelWithoutFim      a model that cannot fill in the middle
        └── ModelWithoutDecision a policy that cannot decide

Inside, a bad file is a value and not an exception.
A request that ends early (superseded, cancelled) is control flow, and lives in
`engine.model.protocol`.
"""

from __future__ import annotations


class SidelongError(Exception):
    """A problem that the user can mend; its text can be shown."""


class SettingsError(SidelongError):
    """A setting has a value that cannot be used."""


class ModelError(SidelongError):
    """The model file cannot serve completions."""


class ModelMissing(ModelError):
    """The model file does not exist or is not a file."""


class ModelUnreadable(ModelError):
    """The file is not a GGUF, or is truncated or damaged."""


class ModelUnsupported(ModelError):
    """A well-formed GGUF whose architecture or format this llama.cpp does not know."""


class ModelWithoutFim(ModelError):
    """The model has no fill-in-the-middle tokens."""


class ModelWithoutDecision(ModelError):
    """The policy has no token to decide with."""
