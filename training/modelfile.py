"""A GGUF as a value: what it says of itself and its tensors, to be changed and written again.

Tensors stay as packed as they were until somebody asks for their numbers. What the fields mean is
left to `metadata`, what the tensors mean to the models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType as Type
from gguf import GGUFValueType, quants

from training.files import whole

EMBEDDING = "token_embd.weight"

Floats = npt.NDArray[np.float32]

FILE_TYPES = {
    "f32": gguf.LlamaFileType.ALL_F32,
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "q5_0": gguf.LlamaFileType.MOSTLY_Q5_0,
    "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
}

TYPES = {"f32": Type.F32, "f16": Type.F16, "q8_0": Type.Q8_0, "q5_0": Type.Q5_0, "q4_0": Type.Q4_0}


@dataclass(frozen=True)
class Field:
    """A value of the metadata with its type; `of` is the type of an array's entries."""

    value: Any
    type: GGUFValueType
    of: GGUFValueType | None = None


def text(value: str) -> Field:
    return Field(value, GGUFValueType.STRING)


def count(value: int) -> Field:
    return Field(value, GGUFValueType.UINT32)


def real(value: float) -> Field:
    return Field(value, GGUFValueType.FLOAT32)


def flag(value: bool) -> Field:
    return Field(value, GGUFValueType.BOOL)


def file_type(kind: str) -> dict[str, Field]:
    """The field that names the type of most matrices, one of `TYPES`."""
    return {"general.file_type": count(FILE_TYPES[kind])}


def texts(values: Sequence[str]) -> Field:
    return Field(list(values), GGUFValueType.ARRAY, GGUFValueType.STRING)


def integers(values: Sequence[int]) -> Field:
    return Field(list(values), GGUFValueType.ARRAY, GGUFValueType.INT32)


@dataclass(frozen=True, eq=False)
class Tensor:
    """Packed rows: bytes [..., bytes of a row] of a quantised type, else the numbers themselves."""

    data: npt.NDArray[Any]
    type: Type

    def floats(self) -> Floats:
        return quants.dequantize(self.data, self.type)  # type: ignore[no-any-return]

    def with_row(self, i: int, row: Floats) -> Tensor:
        """The same with another row `i`, packed as the others are."""
        data = self.data.copy()
        data[i] = self.packed_alike(row[None]).data[0]
        return Tensor(data, self.type)

    def with_more(self, rows: Floats) -> Tensor:
        """The same with these rows behind its own, packed as they are."""
        return Tensor(np.concatenate([self.data, self.packed_alike(rows).data]), self.type)

    def packed_alike(self, rows: Floats) -> Tensor:
        """Other rows, packed as these are."""
        return Tensor(quants.quantize(rows, self.type), self.type)


def pack(values: npt.NDArray[np.floating[Any]], kind: str) -> Tensor:
    """Numbers [..., C] as `kind` of `TYPES`, vectors as F32, which is what llama.cpp wants."""
    exact = np.ascontiguousarray(values, dtype=np.float32)
    wanted = TYPES["f32" if exact.ndim == 1 else kind]
    return Tensor(quants.quantize(exact, wanted), wanted)


@dataclass(frozen=True, eq=False)
class ModelFile:
    """All that stands in a GGUF; tensors in their order."""

    architecture: str
    fields: Mapping[str, Field]
    tensors: Mapping[str, Tensor]

    def number(self, key: str) -> float:
        """A number that the architecture has under `key`, as in `embedding_length`."""
        found: float = self.fields[f"{self.architecture}.{key}"].value
        return found

    def saying(self, fields: Mapping[str, Field]) -> ModelFile:
        """The same with other fields or more of them."""
        return replace(self, fields={**self.fields, **fields})

    def holding(self, tensors: Mapping[str, Tensor]) -> ModelFile:
        """The same with other tensors or more of them."""
        return replace(self, tensors={**self.tensors, **tensors})


def read(path: Path) -> ModelFile:
    """The file at `path`; its tensors are read from the disk when they are used."""
    reader = gguf.GGUFReader(path)
    fields = {}
    for name, found in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue  # the writer's own
        of = found.types[-1] if found.types[0] == GGUFValueType.ARRAY else None
        fields[name] = Field(found.contents(), found.types[0], of)
    tensors = {tensor.name: Tensor(tensor.data, tensor.tensor_type) for tensor in reader.tensors}
    return ModelFile(reader.fields["general.architecture"].contents(), fields, tensors)


def write(path: Path, model: ModelFile) -> None:
    """Write the file; it appears only when it is whole, in the place of an older one."""
    with whole(path) as aside:
        writer = gguf.GGUFWriter(aside, model.architecture)
        for name, field in model.fields.items():
            writer.add_key_value(name, field.value, field.type, sub_type=field.of)
        for name, tensor in model.tensors.items():
            writer.add_tensor(name, tensor.data, raw_dtype=tensor.type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
