"""Where requests wait for the index's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sidelong_index.inbox import MAX_HINTS, Inbox, Request

NOW = 0.0
LATER = float("inf")


def in_background(ask: Callable[[], bool]) -> Callable[[], bool]:
    """Runs something that waits; the function that comes back gives its answer."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()

    def answer() -> bool:
        thread.join(10)
        return answers[0]

    return answer


def test_only_the_latest_text_of_a_document_counts() -> None:
    inbox = Inbox()
    for text in ("a", "ab", "abc", None, "abcd"):
        inbox.post_document("a.py", text)
    inbox.post_document("b.py", None)
    assert inbox.take(NOW).documents == {"a.py": "abcd", "b.py": None}
    assert inbox.take(NOW) == Request()


def test_hints_pile_up_only_so_far() -> None:
    inbox = Inbox()
    for i in range(MAX_HINTS + 1):
        inbox.post_hint(f"{i}.py")
        inbox.post_hint("again.py")
    request = inbox.take(NOW)
    assert len(request.hints) == MAX_HINTS
    assert request.scan, "what was not noted down is found by looking at everything"


def test_new_patterns_are_taken_at_once() -> None:
    inbox = Inbox()
    inbox.post_exclude(["*.csv"])
    assert inbox.take(LATER).exclude == ("*.csv",)


def test_documents_are_taken_when_typing_pauses() -> None:
    inbox = Inbox()
    inbox.post_document("a.py", "x")
    assert inbox.take(LATER).documents == {"a.py": "x"}


def test_waiting_asks_for_a_scan_and_ends_when_it_is_done() -> None:
    inbox = Inbox()
    answer = in_background(lambda: inbox.wait(10))
    request = inbox.take(LATER)
    assert request.scan
    inbox.finish(request.ticket)
    assert answer()


def test_who_waits_in_vain_goes_on_waiting_for_the_same_moment() -> None:
    inbox = Inbox()
    inbox.post_document("a.py", "x")
    assert not inbox.wait(0)
    request = inbox.take(LATER)
    assert not inbox.wait(0)
    inbox.finish(request.ticket)
    assert inbox.wait(0)


def test_what_is_posted_after_waiting_in_vain_is_waited_for() -> None:
    inbox = Inbox()
    assert not inbox.wait(0)
    first = inbox.take(LATER)
    inbox.post_document("a.py", "x")
    assert not inbox.wait(0)
    inbox.finish(first.ticket)
    assert not inbox.wait(0)
    second = inbox.take(LATER)
    assert second.documents == {"a.py": "x"}
    inbox.finish(second.ticket)
    assert inbox.wait(0)


def test_each_new_wait_is_for_a_new_scan() -> None:
    inbox = Inbox()
    for _ in range(2):
        answer = in_background(lambda: inbox.wait(10))
        request = inbox.take(LATER)
        assert request.scan
        inbox.finish(request.ticket)
        assert answer()


def test_stopping_ends_every_wait() -> None:
    inbox = Inbox()
    answer = in_background(lambda: inbox.wait(None))
    inbox.post_stop()
    assert not answer()
    assert not inbox.wait(None)
    assert inbox.take(LATER).stop
    assert inbox.is_stopping
