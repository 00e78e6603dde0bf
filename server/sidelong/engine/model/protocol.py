"""The contract between the completer and a model, and the flag that stops a request."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sidelong.engine.gate import Formula
from sidelong.engine.healing import Pieces
from sidelong.engine.mixture import Mixture
from sidelong.engine.prompt import Budget, Special

Logits = npt.NDArray[np.float32]
Hidden = npt.NDArray[np.float32]


class Superseded(Exception):
    """A newer request took this one's place; nobody waits for its answer."""


class Stopped(Exception):
    """The decoder stopped because the request's `Cancel` was set."""


class Cancel:
    """A flag set on the event loop and read inside the decoder.

    It is a C string of length 0 or 1 so that llama.cpp can ask `strlen`, a C function,
    whether to abort: a Python callback would wait for the interpreter lock at every node of
    the graph, while other threads index and parse.
    """

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)

    def set(self) -> None:
        """Stop the work this flag was given to; cannot be undone."""
        self._flag[0] = b"\x01"

    def is_set(self) -> bool:
        """True once the work is to stop."""
        return self._flag[0] != b"\x00"

    def check(self) -> None:
        """Raise `Stopped` if set."""
        if self.is_set():
            raise Stopped

    @property
    def address(self) -> int:
        """Where the C string stands, valid as long as this object lives."""
        return ctypes.addressof(self._flag)


@dataclass(frozen=True)
class Evaluation:
    """Logits of the wanted rows, and what they cost."""

    logits: Logits
    """[rows, V], float32, owned by the caller."""
    evaluated: int
    """Tokens that went through the model; the others were in the KV cache."""
    hidden: Hidden | None = None
    """[rows, D], float32: the last normed states behind those logits, where they were asked for."""


class Model(Protocol):
    """A causal language model with one KV cache; used by one thread only."""

    @property
    def name(self) -> str:
        """For people: file name and size."""

    @property
    def fingerprint(self) -> str:
        """Tells this model's weights from others, whatever the file is called."""

    @property
    def special(self) -> Special:
        """The special tokens found in the model file."""

    @property
    def budget(self) -> Budget:
        """The tokens of each part that the model was trained for, or that fit it.

        What it is shown on this machine is the completer's `window`.
        """

    @property
    def threshold(self) -> float:
        """The model's own recommendation for P(<cc>)."""

    @property
    def formula(self) -> Formula | None:
        """The forecast to compare with the threshold in place of P(<cc>); None: P(<cc>) itself."""

    @property
    def mixture(self) -> Mixture | None:
        """The workspace cache's share beside this model; None if there is no cache."""

    @property
    def pieces(self) -> Pieces:
        """The bytes of every token."""

    @property
    def n_ctx(self) -> int:
        """The longest sequence it can hold, in tokens."""

    def tokenize(self, text: str) -> list[int]:
        """Plain text to ids; special tokens are neither parsed nor added."""

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        """Make the KV cache begin with `tokens`; logits after each of the last `rows` of them.

        With `hidden` also the hidden states of those rows, which costs a batch of their own.
        The longest common prefix with what the cache holds is kept; where it is all of `tokens`
        and the rows were read before, nothing is evaluated.
        Raises `Stopped` when `cancel` is set; the cache is then shorter, never wrong.
        """

    def forget(self) -> None:
        """Empty the KV cache: the next evaluation reads all of its tokens."""

    def close(self) -> None:
        """Free what the model holds; idempotent. Nothing else may be called afterwards."""
