"""llama.cpp in this process, through llama_cpp's low-level API; the only file that imports it.

Low-level, because the product is in what the high-level class hides: which tokens stay in the KV
cache, the logits of chosen positions, and stopping inside the decoder.
A `LlamaModel` belongs to the thread that uses it.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sidelong.engine.gate import Formula
from sidelong.engine.healing import Pieces
from sidelong.engine.mixture import Mixture
from sidelong.engine.model import file, profile
from sidelong.engine.model.mapped import give_back
from sidelong.engine.model.openmp import brief_spinning
from sidelong.engine.model.protocol import Cancel, Evaluation, Hidden, Logits, Stopped
from sidelong.engine.model.rows import Rows
from sidelong.engine.model.saved import (
    BACK,
    STEP,
    WORTH,
    Checkpoints,
    Saved,
    SavedPrompts,
    common_prefix,
)
from sidelong.engine.prompt import Budget, Special
from sidelong.engine.threads import Threads, default_threads
from sidelong.errors import ModelError, ModelUnsupported

with brief_spinning():
    import llama_cpp

log = logging.getLogger(__name__)

BATCH = 128
"""Most tokens of one `llama_decode` on a CPU.

Of 672 tokens read by the default model on one thread, batches of 512 take 1.3 times as long: their
attention outgrows the caches. What an abort loses is less, too.
"""

GPU_BATCH = 512
"""The same where layers are offloaded; a GPU cannot be aborted, so the flag is read between."""

GUARD = b"\n"
"""Before a text it takes the space on itself that SentencePiece adds, and joins with nothing."""

_PIECE = 512
"""Room for the longest token, in bytes."""

_UNKNOWN = ("unknown model architecture", "unknown pre-tokenizer", "invalid ggml type")
"""llama.cpp's words for what a later, or an earlier, version of it knows."""

_NO_MEMORY = ("mmap failed", "failed to allocate", "unable to allocate", "std::bad_alloc")
"""llama.cpp's words where the system gives it no memory."""

_DEBUG = 1
"""llama.cpp's own debug level: several lines for each token."""

_said: deque[str] = deque(maxlen=200)
"""The last lines llama.cpp logged, read when loading fails; it gives reasons nowhere else."""


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _on_log(level: int, text: bytes, _data: Any) -> None:
    line = text.decode("utf-8", "replace").rstrip()
    if line and line != "." and level != _DEBUG:
        _said.append(line)
        log.debug("llama.cpp: %s", line)


def _strlen() -> Any:
    """The C library's strlen, as the abort callback (see `Cancel`)."""
    library = ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)
    return ctypes.cast(library.strlen, llama_cpp.ggml_abort_callback)


def build_info() -> str:
    """llama.cpp's own line on the CPU features it was built with and runs on."""
    return str(llama_cpp.llama_print_system_info().decode())


def supports_gpu() -> bool:
    """True if this build of llama.cpp can offload layers (Metal, CUDA, Vulkan…)."""
    return bool(llama_cpp.llama_supports_gpu_offload())


class LlamaModel:
    """A GGUF model with one context of one sequence; implements `protocol.Model`."""

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        gpu_layers: int = -1,
        n_ctx: int | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """Load the file; raises a `ModelError` that says what is wrong and what to do.

        `gpu_layers` below 0 offloads all layers where this build can; `n_ctx` is in tokens,
        by default what the model's budget needs.
        Raises `Stopped` when `cancel` is set meanwhile.
        """
        self.name = path.name
        self.path = path
        self._buffer = ctypes.create_string_buffer(_PIECE)
        self._context: Any = None
        self._gpu_layers = gpu_layers
        self._offloads = gpu_layers != 0 and supports_gpu()
        self._n_batch = GPU_BATCH if self._offloads else BATCH
        self.remarks = file.remarks(file.check(path))
        """The faults of a file that serves all the same, each with its remedy."""
        self._model = _load(path, gpu_layers, cancel or Cancel())
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._n_vocab = int(llama_cpp.llama_vocab_n_tokens(self._vocab))
        self._n_embd = int(llama_cpp.llama_model_n_embd_out(self._model))
        try:
            found = self._profile(self._texts())
            self._guard = self._find_guard()
            self.special: Special = found.special
            self.budget: Budget = found.budget
            self.threshold: float = found.threshold
            self.formula: Formula | None = found.formula
            self.mixture: Mixture | None = found.mixture
            self._decision = found.decision
            self.pieces = self._pieces(silent=found.ends)
            self.n_ctx = self._choose_n_ctx(n_ctx)
            # A pass on a graphics card has other reasons to be slow.
            self._threads = Threads(threads or default_threads(), adapts=not self._offloads)
            self._context = self._new_context(self._threads.now)
            log.debug("%s: %d bytes of the mapped file given back", self.name, give_back(path))
        except BaseException:
            self.close()
            raise
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(self._n_batch, 0, 1)
        self._abort = _strlen()
        self._cached: list[int] = []
        self._rows = Rows()
        self._saved = SavedPrompts()
        self._checkpoints = Checkpoints()
        self._fastest_s = 0.0
        """Seconds of a full batch, at best; 0 before the first one."""
        self._cancel: Cancel | None = None
        """The flag that llama.cpp reads; held, because it reads the flag's memory."""

    def forget(self) -> None:
        """Empty the KV cache; see `protocol.Model.forget`."""
        self._saved.clear()
        self._checkpoints.clear()
        self._keep(0)

    def close(self) -> None:
        """Free the weights and the context; idempotent."""
        if self._context is not None:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._context)
            self._context = None
        if self._model is not None:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def metadata(self, key: str) -> str | None:
        """The GGUF's value of `key` as text."""
        buffer = ctypes.create_string_buffer(1024)
        size = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if size >= 0 else None

    @cached_property
    def fingerprint(self) -> str:
        """See `file.fingerprint`."""
        return file.fingerprint(self.path)

    def describe(self) -> str:
        """llama.cpp's short description: architecture, size, quantisation."""
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self._model, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    @cached_property
    def rewinds(self) -> bool:
        """False if the state cannot be cut back: that of recurrent and hybrid models."""
        recurrent = llama_cpp.llama_model_is_recurrent(self._model)
        return not (recurrent or llama_cpp.llama_model_is_hybrid(self._model))

    @property
    def prefill(self) -> float | None:
        """Tokens per second of a full batch, at best; None before one was read on a CPU."""
        return None if self._offloads or not self._fastest_s else self._n_batch / self._fastest_s

    @property
    def n_params(self) -> int:
        """The number of weights."""
        return int(llama_cpp.llama_model_n_params(self._model))

    def tokenize(self, text: str) -> list[int]:
        """Plain text to ids; special tokens are neither parsed nor added, nor is a first space."""
        plain = text.encode("utf-8", "replace")
        if not self._guard:
            return self._tokenize(plain)
        ids = self._tokenize(GUARD + plain)
        led = ids[: len(self._guard)] == self._guard
        return ids[len(self._guard) :] if led else self._tokenize(plain)

    def evaluate(
        self, tokens: Sequence[int], *, rows: int, cancel: Cancel, hidden: bool = False
    ) -> Evaluation:
        """See `protocol.Model.evaluate`."""
        if not 0 < rows <= len(tokens) <= self.n_ctx:
            raise ModelError(
                f"A prompt of {len(tokens)} tokens does not fit the model's context of "
                f"{self.n_ctx}. Lower `sidelong.budget` or raise `sidelong.contextSize`."
            )
        first_row = len(tokens) - rows
        cancel.check()
        if not hidden and (known := self._known(tokens, first_row)) is not None:
            return Evaluation(known, evaluated=0)
        self._listen_to(cancel)
        if self.rewinds:
            self._change_prompt(tokens)
            kept = self._keep(min(common_prefix(self._cached, tokens), first_row))
        else:
            kept = self._go_back(tokens, first_row)
        evaluated = len(tokens) - kept
        kept = self._read_to_checkpoint(tokens, kept, first_row, cancel)
        logits = np.empty((rows, self._n_vocab), dtype=np.float32)
        if not hidden:
            self._read(tokens, kept, cancel, logits)
            return Evaluation(logits, evaluated)
        # With embeddings on, llama.cpp makes every row of a batch an output, which costs a third
        # of a prefill; so all but the wanted rows are read before.
        self._read(tokens[:first_row], kept, cancel, logits[:0])
        states = np.empty((rows, self._n_embd), dtype=np.float32)
        llama_cpp.llama_set_embeddings(self._context, True)
        try:
            self._read(tokens, first_row, cancel, logits, states)
        finally:
            llama_cpp.llama_set_embeddings(self._context, False)
        return Evaluation(logits, evaluated, hidden=states)

    def _known(self, tokens: Sequence[int], first_row: int) -> Logits | None:
        """The wanted rows, where the cache begins with these tokens and they were read before."""
        n = len(tokens)
        return self._rows.take(first_row, n) if self._cached[:n] == tokens else None

    def _read(
        self,
        tokens: Sequence[int],
        kept: int,
        cancel: Cancel,
        logits: Logits,
        states: Hidden | None = None,
    ) -> None:
        """Evaluate `tokens[kept:]` and fill in a row for each of the last of them."""
        first_row = len(tokens) - len(logits)
        for start in range(kept, len(tokens), self._n_batch):
            cancel.check()
            piece = tokens[start : start + self._n_batch]
            self._decode(piece, start, first_row)
            for row in range(max(first_row, start), start + len(piece)):
                pointer = llama_cpp.llama_get_logits_ith(self._context, row - start)
                read = logits[row - first_row]
                read[:] = np.ctypeslib.as_array(pointer, (self._n_vocab,))
                if self._decision is not None:
                    read[self.special.cc] = read[self._decision]
                    read[self._decision] = read.min()
                self._rows.keep(row, read)
                if states is not None:
                    pointer = llama_cpp.llama_get_embeddings_ith(self._context, row - start)
                    states[row - first_row] = np.ctypeslib.as_array(pointer, (self._n_embd,))

    def _listen_to(self, cancel: Cancel) -> None:
        if cancel is not self._cancel:
            llama_cpp.llama_set_abort_callback(self._context, self._abort, cancel.address)
            self._cancel = cancel

    def _change_prompt(self, tokens: Sequence[int]) -> None:
        """Save the cache where another prompt takes its place, and take up that prompt's own."""
        common = common_prefix(self._cached, tokens)
        if len(tokens) - common < WORTH:
            return
        saved = self._saved.take(tokens, better_than=common)
        if len(self._cached) - common >= WORTH:
            self._save()
        if saved is not None:
            self._restore(saved)

    def _save(self) -> None:
        size = llama_cpp.llama_state_seq_get_size(self._context, 0)
        if self._saved.fits(size) and (saved := self._copy()) is not None:
            self._saved.keep(saved)

    def _copy(self) -> Saved | None:
        """A copy of the state; None if llama.cpp cannot make it."""
        size = llama_cpp.llama_state_seq_get_size(self._context, 0)
        state = np.empty(size, dtype=np.uint8)
        pointer = state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        if llama_cpp.llama_state_seq_get_data(self._context, pointer, size, 0) != size:
            return None
        return Saved(list(self._cached), state)

    def _go_back(self, tokens: Sequence[int], at_most: int) -> int:
        """Keep what the state holds of `tokens`, or go back to a checkpoint; how many stay."""
        if len(self._cached) <= at_most and self._cached == list(tokens[: len(self._cached)]):
            return len(self._cached)
        saved = self._checkpoints.before(tokens[:at_most])
        if saved is None:
            return self._keep(0)
        self._restore(saved)
        return len(self._cached)

    def _read_to_checkpoint(
        self, tokens: Sequence[int], kept: int, first_row: int, cancel: Cancel
    ) -> int:
        """Read up to where a later prompt is likely to part, and copy the state; how many stay.

        Nothing where the state can be cut back, and little where a checkpoint is near.
        """
        end = first_row - BACK
        if self.rewinds or end < kept + STEP:
            return kept
        self._read(tokens[:end], kept, cancel, np.empty((0, self._n_vocab), dtype=np.float32))
        if (saved := self._copy()) is not None:
            self._checkpoints.keep(saved)
        return end

    def _restore(self, saved: Saved) -> None:
        self._keep(0)
        pointer = saved.state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        size = saved.state.nbytes
        if llama_cpp.llama_state_seq_set_data(self._context, pointer, size, 0) == size:
            self._cached = list(saved.tokens)
        else:
            self._keep(0)

    def _keep(self, n: int) -> int:
        """Forget all but the first `n` cached tokens; how many really stay."""
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, n, -1):
            # A state that cannot be cut back starts over; see `_go_back`.
            llama_cpp.llama_memory_clear(self._memory, True)
            n = 0
        self._rows.forget_from(n)
        del self._cached[n:]
        return n

    def _decode(self, tokens: Sequence[int], start: int, first_row: int) -> None:
        """Evaluate one batch at positions `start` on; the cache never claims what it lacks."""
        batch, n = self._batch, len(tokens)
        batch.n_tokens = n
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = start + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = start + i >= first_row
        status = self._timed_decode(batch)
        if status == 0:
            self._cached.extend(tokens)
            return
        self._keep(start)
        if status == 2:
            raise Stopped
        raise ModelError(
            f"llama.cpp could not evaluate {n} tokens at position {start} (status {status}). "
            "The request is dropped; if it happens again, restart the server and report it."
        )

    def _timed_decode(self, batch: Any) -> int:
        """`llama_decode` on as many threads as get on; its status."""
        n = self._threads.now
        start = time.perf_counter()
        status = int(llama_cpp.llama_decode(self._context, batch))
        end = time.perf_counter()
        if status == 0:
            self._threads.took(batch.n_tokens, end - start, end)
            if batch.n_tokens == self._n_batch:
                self._fastest_s = min(self._fastest_s or end - start, end - start)
        if self._threads.now != n:
            llama_cpp.llama_set_n_threads(self._context, self._threads.now, self._threads.now)
        return status

    def _profile(self, ids: Mapping[bytes, int]) -> profile.Profile:
        """The facts in the file; `ids` are the tokens by their texts."""

        def known(token: int) -> int | None:
            return token if token >= 0 else None

        def special(text: str) -> int | None:
            return self._special_id(ids.get(text.encode()), text)

        return profile.read(
            name=self.name,
            metadata=self.metadata,
            token_id=special,
            fim=(
                known(llama_cpp.llama_vocab_fim_pre(self._vocab)),
                known(llama_cpp.llama_vocab_fim_suf(self._vocab)),
                known(llama_cpp.llama_vocab_fim_mid(self._vocab)),
            ),
            eos=known(llama_cpp.llama_vocab_eos(self._vocab)),
            bos=(
                known(llama_cpp.llama_vocab_bos(self._vocab))
                if llama_cpp.llama_vocab_get_add_bos(self._vocab)
                else None
            ),
        )

    def _choose_n_ctx(self, asked: int | None) -> int:
        trained = int(llama_cpp.llama_model_n_ctx_train(self._model))
        wanted = asked or max(1024, -(-self.budget.total // 256) * 256)
        return max(256, min(wanted, trained) if trained > 0 else wanted)

    def _new_context(self, threads: int) -> Any:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.n_ctx
        params.n_batch = params.n_ubatch = self._n_batch
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = threads
        # Attention of a layer that is not offloaded is computed on the CPU, too. llama.cpp offloads
        # the output first, which counts as a layer.
        layers = int(llama_cpp.llama_model_n_layer(self._model))
        on_cpu = not self._offloads or 0 <= self._gpu_layers <= layers
        # On a CPU llama.cpp's flash attention rounds to sixteen bits, and otherwise for one token
        # than for many: what was cached moved logits by up to 0.3. Without it they are the same,
        # for a fifth more time of a prefill (shipped model, 350 tokens: 39 ms instead of 32).
        if on_cpu:
            params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = llama_cpp.llama_init_from_model(self._model, params)
        if not context:
            raise ModelUnsupported(
                f"llama.cpp could not make a context of {self.n_ctx} tokens for {self.name}: "
                f"{_reason()}. Lower `sidelong.contextSize`, or use a smaller model."
            )
        return context

    def _texts(self) -> dict[bytes, int]:
        """The tokens by their texts; none where the file has no vocabulary."""
        if llama_cpp.llama_vocab_type(self._vocab) == llama_cpp.LLAMA_VOCAB_TYPE_NONE:
            return {}
        get_text = llama_cpp.llama_vocab_get_text
        return {get_text(self._vocab, i): i for i in range(self._n_vocab)}

    def _pieces(self, *, silent: frozenset[int]) -> Pieces:
        """The bytes of every token; none of those that end a completion."""
        ends = {*silent, *filter(self._is_end, range(self._n_vocab))}
        return Pieces([b"" if i in ends else self._piece(i) for i in range(self._n_vocab)])

    def _is_end(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def _special_id(self, token: int | None, text: str) -> int | None:
        """The token, whose whole text is `text`, unless plain text can yield it.

        SentencePiece's own special tokens begin with its mark for a space, and some files do not
        say that they are special.
        """
        if token is None or text.startswith("▁"):
            return token
        kinds = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED
        special = llama_cpp.llama_vocab_get_attr(self._vocab, token) & kinds
        return token if special else None

    def _tokenize(self, text: bytes) -> list[int]:
        room = len(text) + 8
        ids = (llama_cpp.llama_token * room)()
        n = llama_cpp.llama_tokenize(self._vocab, text, len(text), ids, room, False, False)
        return list(ids[:n])

    def _find_guard(self) -> list[int]:
        """`GUARD` in tokens if this vocabulary puts a space before every text, else nothing."""
        ids = self._tokenize(GUARD)
        led = b"".join(map(self._piece, ids)) != GUARD
        return ids if led else []

    def _piece(self, token: int) -> bytes:
        n = llama_cpp.llama_token_to_piece(self._vocab, token, self._buffer, _PIECE, 0, False)
        return self._buffer.raw[:n] if n > 0 else b""


def _load(path: Path, gpu_layers: int, cancel: Cancel) -> Any:
    llama_cpp.llama_log_set(_on_log, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = gpu_layers if supports_gpu() else 0
    # Called for each tensor, so that nobody has to wait for a large file that is not wanted.
    params.progress_callback = llama_cpp.llama_progress_callback(
        lambda _progress, _data: not cancel.is_set()
    )
    _said.clear()
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
    if model:
        return model
    cancel.check()
    reason = _reason()
    raise _error(path, reason)


def _error(path: Path, reason: str) -> ModelError:
    """The error for a file whose header is sound and that llama.cpp refuses."""
    for said in _said:
        if any(word in said for word in _UNKNOWN):
            return file.unknown(path, _short(said))
    if any(word in reason for word in _NO_MEMORY):
        return ModelUnsupported(
            f"There is no memory for the model {path}: {reason}. Close other programs, or use a "
            "smaller model or quantisation."
        )
    return file.damaged(path, reason)


def _reason() -> str:
    """The most telling of the lines llama.cpp logged last: the last that is not just "failed"."""
    for line in reversed(_said):
        if "failed to load model" not in line:
            return _short(line)
    return "llama.cpp gave no reason"


def _short(line: str) -> str:
    """A line of llama.cpp's log without the name of the function that wrote it."""
    return line.split(": ", 1)[-1].removeprefix("error loading model: ")
