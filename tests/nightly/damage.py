"""Small models with something changed in them: each loads, or is refused with a message.

The trial's own process may end; this one must not, and none may go on for ever.
"""

from __future__ import annotations

import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

from tests.engine.families.conftest import KINDS, write
from tests.nightly.part import Outcome

from sidelong.engine import trial
from sidelong.errors import ModelError, ModelFatal, ModelSlow
from sidelong.paths import nano_model
from sidelong.settings import UserSettings

AT_MOST_S = 120.0
_START = 4_096
"""Where metadata lie, and in a tiny model the descriptions of tensors behind them."""


def part(outcome: Outcome, count: int, seed: int, folder: Path) -> None:
    """Try `count` damaged files; whatever is no `ModelError` with the file's name is a failure."""
    rng = random.Random(seed)
    models = _models(folder)
    for model in models:
        trial.run(UserSettings(model=model, threads=1), at_most_s=AT_MOST_S)
    path = folder / "damaged.gguf"
    while outcome.done < count:
        model, how = models[outcome.done % len(models)], rng.choice(WAYS)
        path.write_bytes(how(rng, model.read_bytes()))
        outcome.done += 1
        verdict = _verdict(path)
        outcome.count(verdict.partition(":")[0])
        if verdict.startswith("failed"):
            kept = folder / f"failed-{outcome.done}.gguf"
            shutil.copy(path, kept)
            outcome.failures.append(f"{model.name}, {how.__name__}, {kept}: {verdict}")


def _verdict(path: Path) -> str:
    """The end of a trial, in a word; "failed: " and the reason if it is none that we know."""
    user = UserSettings(model=path, threads=1)
    try:
        trial.run(user, at_most_s=AT_MOST_S)
    except ModelSlow as error:
        return f"failed: {error}"
    except ModelFatal:
        return "ended the trial"
    except ModelError as error:
        # The child's own exceptions are told so; a refusal says what is wrong with the file.
        if path.name not in str(error) or "cannot be tried" in str(error):
            return f"failed: no name or no reason in {error}"
        return "refused"
    except Exception as error:  # noqa: BLE001 - the failure that this looks for
        return f"failed: {type(error).__name__}: {error}"
    return "passed"


def _models(folder: Path) -> list[Path]:
    """The shipped small model, and two with random weights: byte-level BPE and SentencePiece."""
    shipped = Path(shutil.copy(nano_model(), folder / "small.gguf"))
    tiny = [write(folder / f"{name}.gguf", KINDS[name]) for name in ("qwen", "codellama")]
    return [shipped, *tiny]


def _byte(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + rng.randbytes(1) + content[at + 1 :]


def _start(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(min(_START, len(content) - 8))
    return content[:at] + rng.randbytes(rng.randint(1, 8)) + content[at + 8 :]


def _number(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(min(_START, len(content) - 8))
    number = rng.choice((0, 1, 2, 3, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1))
    return content[:at] + struct.pack("<Q", number) + content[at + 8 :]


def _tensors(rng: random.Random, content: bytes) -> bytes:
    """A bit of the descriptions of the tensors, which lie behind the last name of one."""
    at = content.rfind(b".weight") - rng.randrange(1_000)
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def _cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


def _hole(rng: random.Random, content: bytes) -> bytes:
    at, size = rng.randrange(len(content)), rng.choice((1, 32, 4_096, 65_536))
    return content[:at] + bytes(min(size, len(content) - at)) + content[at + size :]


def _moved(rng: random.Random, content: bytes) -> bytes:
    at, size = rng.randrange(len(content)), rng.choice((1, 8, 32, 4_096))
    return content[:at] + rng.choice((content[at + size :], rng.randbytes(size) + content[at:]))


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _byte, _start, _start, _number, _number, _tensors, _cut, _hole, _moved,
)  # fmt: skip
