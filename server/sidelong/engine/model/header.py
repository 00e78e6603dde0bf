"""The header of a GGUF file, read before llama.cpp reads it; pure.

llama.cpp trusts most of the counts, types and sizes in a file, and a damaged one can end the
process. So they are checked here: everything that the header speaks of lies within the file.
The weights are left to the self-test.

    "GGUF", version u32, number of tensors u64, number of values u64
    for each value:  key string, type u32, value
    for each tensor: name string, number of dimensions u32, dimensions u64, type u32, offset u64
    padding up to the alignment, and the weights, to which the offsets refer

A string is its length as u64 and its bytes; an array its elements' type, their number and they.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final, TypeAlias

Value: TypeAlias = "str | int | float | bool"

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)

TENSOR_TYPES: Final[Mapping[int, tuple[int, int]]] = {
    # ggml's number of the type: elements in a block, bytes of a block
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8),
    28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
    40: (64, 36), 41: (128, 18), 42: (64, 18),
}  # fmt: skip

_STRING: Final = 8
_ARRAY: Final = 9
_NUMBERS: Final = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_MOST_DIMENSIONS: Final = 4
_MOST_FILES: Final = 65_535
_LONGEST_NAME: Final = 63
_LONGEST_KEY: Final = 65_535
_MOST_ELEMENTS: Final = 2**63 - 1

_TOKENS: Final = "tokenizer.ggml.tokens"
_ELEMENTS: Final[Mapping[str, tuple[int, ...]]] = {
    # arrays that llama.cpp reads as these types whatever the file says
    _TOKENS: (_STRING,),
    "tokenizer.ggml.merges": (_STRING,),
    "tokenizer.ggml.scores": (6,),
    "tokenizer.ggml.token_type": (4, 5),
}
_ONE_A_TOKEN: Final = ("tokenizer.ggml.scores", "tokenizer.ggml.token_type")


class Damaged(Exception):
    """The header contradicts itself or the file's size; says where."""


class Unknown(Exception):
    """The file is of a version or has tensors of a type that is not known here."""


@dataclass(frozen=True)
class Header:
    """The facts of a header; the arrays' elements are not kept."""

    values: Mapping[str, Value] = field(default_factory=dict)
    arrays: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The type and the number of each array's elements."""
    n_tensors: int = 0

    def text(self, key: str) -> str:
        """The value of `key` if it is a text, else an empty one."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""


def read(file: BinaryIO, size_bytes: int) -> Header:
    """The header of a file of this size, read from its start.

    Raises `Damaged` and `Unknown`.
    """
    reader = _Reader(file, size_bytes)
    if reader.take(len(MAGIC)) != MAGIC:
        raise Damaged("it does not begin as a GGUF does")
    version = reader.number("I")
    if version not in VERSIONS:
        if int.from_bytes(int(version).to_bytes(4, "little"), "big") in VERSIONS:
            raise Unknown("it was written for big-endian machines")
        raise Unknown(f"it is a GGUF of version {version}")
    n_tensors, n_values = reader.count(), reader.count()
    values, arrays = _read_values(reader, n_values)
    _check_arrays(arrays)
    _check_files(values)
    _check_layers(values, n_tensors)
    _check_tensors(reader, n_tensors, _alignment(values))
    return Header(values, arrays, n_tensors)


class _Reader:
    """Takes values off a file, and never more than it has."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self.size_bytes = size_bytes
        self.left = size_bytes

    def take(self, n_bytes: int) -> bytes:
        if n_bytes > self.left:
            raise Damaged("it ends within its header")
        data = self._file.read(n_bytes)
        if len(data) < n_bytes:
            raise Damaged("it ends within its header")
        self.left -= n_bytes
        return data

    def number(self, code: str) -> int | float | bool:
        value: int | float | bool
        (value,) = struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))
        return value

    def count(self) -> int:
        """A number of things that take at least a byte each."""
        n = int.from_bytes(self.take(8), "little")
        if n > self.left:
            raise Damaged(f"it says {n} where {self.left} bytes are left")
        return n

    def skip_strings(self, n: int) -> None:
        """Take `n` strings; in one place, because a vocabulary has hundreds of thousands."""
        read, left = self._file.read, self.left
        for _ in range(n):
            n_bytes = int.from_bytes(read(8), "little")
            left -= 8 + n_bytes
            if left < 0:
                raise Damaged("it ends within its header")
            read(n_bytes)
        self.left = left

    def string(self, longest: int, what: str) -> str:
        n_bytes = self.count()
        if n_bytes > longest:
            raise Damaged(f"{what} has {n_bytes} bytes")
        try:
            return self.take(n_bytes).decode("utf-8")
        except UnicodeDecodeError:
            raise Damaged(f"{what} is not UTF-8") from None


def _read_values(reader: _Reader, n: int) -> tuple[dict[str, Value], dict[str, tuple[int, int]]]:
    values: dict[str, Value] = {}
    arrays: dict[str, tuple[int, int]] = {}
    for i in range(n):
        key = reader.string(_LONGEST_KEY, f"the name of value {i}")
        if key in values or key in arrays:
            raise Damaged(f"it has {key} twice")
        kind = int(reader.number("I"))
        if kind == _ARRAY:
            arrays[key] = _skip_array(reader, key)
        elif kind == _STRING:
            values[key] = reader.take(reader.count()).decode("utf-8", "replace")
        elif kind in _NUMBERS:
            values[key] = reader.number(_NUMBERS[kind])
        else:
            raise Damaged(f"{key} has the unknown type {kind}")
    return values, arrays


def _skip_array(reader: _Reader, key: str) -> tuple[int, int]:
    kind, n = int(reader.number("I")), reader.count()
    if kind == _STRING:
        reader.skip_strings(n)
    elif kind in _NUMBERS:
        reader.take(n * struct.calcsize(f"<{_NUMBERS[kind]}"))
    else:
        raise Damaged(f"the elements of {key} have the unknown type {kind}")
    return kind, n


def _check_arrays(arrays: Mapping[str, tuple[int, int]]) -> None:
    for key, kinds in _ELEMENTS.items():
        if key in arrays and arrays[key][0] not in kinds:
            raise Damaged(f"the elements of {key} have the type {arrays[key][0]}")
    for key in _ONE_A_TOKEN:
        if key in arrays and arrays[key][1] != arrays.get(_TOKENS, (0, 0))[1]:
            raise Damaged(f"{key} does not have one element for each token")


def is_part(values: Mapping[str, Value]) -> bool:
    """True if the model's tensors lie in several files, of which llama.cpp wants the first."""
    n_files = values.get("split.count", 1)
    return isinstance(n_files, int) and n_files > 1


def _check_files(values: Mapping[str, Value]) -> None:
    n_files = values.get("split.count", 1)
    if not isinstance(n_files, int) or not 0 <= n_files <= _MOST_FILES:
        raise Damaged(f"it says that it is one of {n_files} files")


def _check_layers(values: Mapping[str, Value], n_tensors: int) -> None:
    n_layers = values.get(f"{values.get('general.architecture')}.block_count", 0)
    if isinstance(n_layers, int) and n_layers > n_tensors and not is_part(values):
        raise Damaged(f"it says that it has {n_layers} layers, and it has {n_tensors} tensors")


def _alignment(values: Mapping[str, Value]) -> int:
    alignment = values.get("general.alignment", 32)
    if isinstance(alignment, bool) or not isinstance(alignment, int):
        raise Damaged("general.alignment is no whole number")
    if alignment <= 0 or alignment & (alignment - 1):
        raise Damaged(f"general.alignment is {alignment}, which is no power of two")
    return alignment


def _check_tensors(reader: _Reader, n: int, alignment: int) -> None:
    names: set[str] = set()
    end = 0
    for i in range(n):
        name = reader.string(_LONGEST_NAME, f"the name of tensor {i}")
        if name in names:
            raise Damaged(f"it has the tensor {name} twice")
        names.add(name)
        n_bytes = _read_tensor(reader, name)
        offset = int(reader.number("Q"))
        if offset % alignment:
            raise Damaged(f"the weights of {name} begin at the odd place {offset}")
        end = max(end, offset + n_bytes)
    header_bytes = reader.size_bytes - reader.left
    start = -(-header_bytes // alignment) * alignment
    if n and start + end > reader.size_bytes:
        raise Damaged(f"it has {reader.size_bytes} bytes where {start + end} are needed")


def _read_tensor(reader: _Reader, name: str) -> int:
    """The bytes that the tensor's weights take."""
    n_dimensions = int(reader.number("I"))
    if not 1 <= n_dimensions <= _MOST_DIMENSIONS:
        raise Damaged(f"the tensor {name} has {n_dimensions} dimensions")
    dimensions = [int(reader.number("Q")) for _ in range(n_dimensions)]
    kind = int(reader.number("I"))
    if kind not in TENSOR_TYPES:
        raise Unknown(f"the tensor {name} has the type {kind}")
    n_elements = math.prod(dimensions)
    block, block_bytes = TENSOR_TYPES[kind]
    if not 0 < n_elements <= _MOST_ELEMENTS or dimensions[0] % block:
        raise Damaged(f"the tensor {name} has the dimensions {dimensions}")
    return n_elements // block * block_bytes
