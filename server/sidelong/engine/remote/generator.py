"""A text by the remote model for one request; a failure is a value, and the local model's turn.

The local model has decided by then. The chunks, healing and the end of the text are decided here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sidelong.engine.budget import Window
from sidelong.engine.generate import Generated, Plan, collect
from sidelong.engine.model.profile import DEFAULT_BUDGET
from sidelong.engine.model.protocol import Cancel, Stopped
from sidelong.engine.prompt import Budget
from sidelong.engine.remote import wire
from sidelong.engine.remote.breaker import Breaker
from sidelong.engine.remote.characters import CHARACTERS_PER_TOKEN, format_named
from sidelong.engine.remote.endpoint import Endpoint
from sidelong.engine.remote.masked import MOST_SENT, masked
from sidelong.engine.remote.wire import Failure
from sidelong.engine.request import RemoteUse, Request
from sidelong.engine.view import View, view
from sidelong.settings import Settings
from sidelong_index import Hit, is_secret_name

if TYPE_CHECKING:
    from sidelong.engine.remote.client import Client

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 2


@dataclass(frozen=True)
class Received:
    """A text that came, or None; and what left for it."""

    generated: Generated | None
    use: RemoteUse
    chunks: tuple[Hit, ...] = ()
    """Those that were sent along."""
    failure: Failure | None = None
    """The reason, if the server was asked in vain."""


def sent_at_most(settings: Settings) -> Budget:
    """The most characters of each part of a prompt that leave for one request."""
    return _in_characters(Window(DEFAULT_BUDGET).wished(settings).budget)


class RemoteGenerator:
    """Writes by an endpoint; owned by the thread that completes."""

    def __init__(
        self, endpoint: Endpoint, client: Client, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.endpoint = endpoint
        self.budget = DEFAULT_BUDGET
        """In tokens, such as they are elsewhere."""
        self._client = client
        self._clock = clock
        self._characters = format_named(endpoint.format)
        self._breaker = Breaker()
        self._tells_probabilities = True
        """False once the server has answered without them what it refused with them."""

    @property
    def title(self) -> str:
        """For people: who completes, and where."""
        name = self.endpoint.name or "a remote model"
        return f"{name} at {self.endpoint.host}"

    @property
    def fingerprint(self) -> str:
        """Tells it from other models, as far as that can be known here."""
        return f"{self.endpoint.url}#{self.endpoint.name or ''}"

    def get(self, path: str) -> bytes:
        """What the server has at a path below its address; raises `Failure`."""
        deadline = self._clock() + self.endpoint.timeout_s
        return self._client.get(f"{self.endpoint.base}{path}", deadline=deadline)

    def close(self) -> None:
        """Close the connections; idempotent."""
        self._client.close()

    def write(
        self,
        request: Request,
        chunks: Sequence[Hit],
        budget: Budget,
        plan: Plan,
        cancel: Cancel,
    ) -> Received:
        """The text for the request, within `budget` (in tokens) and the endpoint's time.

        Raises `Stopped` when `cancel` is set.
        """
        use = RemoteUse(self.endpoint.host, self.endpoint.format)
        if is_secret_name(request.path):
            problem = "the file's name says that it holds secrets, which are not sent"
            return Received(None, replace(use, problem=problem))
        now = self._clock()
        if self._breaker.rests(now):
            problem = "it failed several times in a row and is not asked for a while"
            return Received(None, replace(use, problem=problem, is_resting=True))
        seen, n_masked = masked(request)
        task = _Task(plan, budget.generated, now + self.endpoint.timeout_s, cancel)
        seeing = view(self._characters, seen, _in_characters(budget))
        prompt = seeing.with_chunks(chunks) if chunks else None
        kept = tuple(chunks) if prompt is not None else ()
        try:
            generated = self._healed(seeing, prompt or seeing.prompt, task)
        except Failure as failure:
            self._breaker.failed(self._clock())
            log.warning("request %s: %s %s", request.id, self.endpoint.url, failure)
            resting = self._breaker.is_open
            use = replace(use, problem=f"it {failure}", is_resting=resting)
            return Received(None, task.counted(use, n_masked), failure=failure)
        if generated.reason == "cut":
            self._breaker.failed(self._clock())
        else:
            self._breaker.answered()
        return Received(generated, task.counted(use, n_masked), kept)

    def _healed(self, seeing: View, prompt: list[int], task: _Task) -> Generated:
        """The text, begun before the word at the cursor; at the cursor if it leads elsewhere."""
        generated = self._collected(prompt, replace(task.plan, owed=seeing.owed), task)
        if generated.reason != "astray":
            return generated
        typed = [*prompt, *self._characters.tokenize(seeing.owed.decode())]
        return self._collected(typed, replace(task.plan, owed=b""), task)

    def _collected(self, prompt: list[int], plan: Plan, task: _Task) -> Generated:
        with closing(self._pieces(prompt, task)) as pieces:
            return collect(pieces, plan)

    def _pieces(self, prompt: list[int], task: _Task) -> Generator[tuple[str, float], None, None]:
        """The pieces of the text; asks once more if the server did not answer, but might."""
        probabilities = self._tells_probabilities
        for attempt in range(1, _ATTEMPTS + 1):
            begun = False
            try:
                with closing(self._asked(prompt, task, probabilities)) as pieces:
                    for piece in pieces:
                        begun = True
                        self._tells_probabilities = probabilities
                        yield piece
            except Failure as failure:
                refused = probabilities and self._may_mind_probabilities(failure)
                if begun or attempt == _ATTEMPTS or not (failure.again or refused):
                    raise
                # llama-cpp-python, for one, has them only if it was started for it.
                probabilities = probabilities and not refused
            else:
                return

    def _may_mind_probabilities(self, failure: Failure) -> bool:
        """True if the server may complete without them; llama-server's `/infill` has them."""
        is_too_long = wire.is_too_long(failure.body)
        return failure.status in (400, 422, 500) and not (self.endpoint.is_infill or is_too_long)

    def _asked(
        self, prompt: list[int], task: _Task, probabilities: bool
    ) -> Generator[tuple[str, float], None, None]:
        body = self._body(prompt, task, probabilities)
        task.sent.append(body)
        task.characters += len(prompt)
        asked = self._client.events(body, deadline=task.deadline, cancel=task.cancel)
        with _blamed(), closing(asked) as events:
            for data in events:
                event = wire.event(data)
                text, ended = self._until_special(event.text)
                if text:
                    yield text, event.probability
                if ended or event.end == "stop":
                    yield "", 1.0
                    return
                if event.end:
                    return
        raise Failure("ended in the middle of the text", again=True)

    def _body(self, prompt: list[int], task: _Task, probabilities: bool) -> bytes:
        if self.endpoint.is_infill:
            return wire.infill(self._characters.infill(prompt), max_tokens=task.max_tokens)
        return wire.completions(
            self._characters.text(prompt),
            name=self.endpoint.name,
            max_tokens=task.max_tokens,
            ends=self._characters.ends,
            probabilities=probabilities,
        )

    def _until_special(self, text: str) -> tuple[str, bool]:
        """The text before a token that ends completions, and True if there was one."""
        places = [place for end in self._characters.ends if (place := text.find(end)) >= 0]
        return (text[: min(places)], True) if places else (text, False)


class _Task:
    """One request's terms, and what has been sent for it."""

    def __init__(self, plan: Plan, max_tokens: int, deadline: float, cancel: Cancel) -> None:
        self.plan = plan
        self.max_tokens = max_tokens
        self.deadline = deadline
        self.cancel = cancel
        self.sent: list[bytes] = []
        self.characters = 0

    def counted(self, use: RemoteUse, masked: int) -> RemoteUse:
        """The use, with what was sent."""
        return replace(
            use,
            requests=len(self.sent),
            sent_characters=self.characters,
            masked=masked,
            sent=tuple(self.sent),
        )


@contextmanager
def _blamed() -> Iterator[None]:
    """Whatever the bytes of a server provoke in here is a `Failure`."""
    try:
        yield
    except (Failure, Stopped):
        raise
    except Exception as error:
        raise Failure(f"sends what cannot be read ({type(error).__name__})") from error


def _in_characters(budget: Budget) -> Budget:
    def of(n_tokens: int) -> int:
        return min(n_tokens * CHARACTERS_PER_TOKEN, MOST_SENT)

    return Budget(of(budget.prefix), of(budget.suffix), of(budget.context), budget.generated)
