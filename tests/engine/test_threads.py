"""The threads of a pass: all on an idle machine, fewer while passes are held up."""

from __future__ import annotations

from sidelong.engine.threads import HOLD_S, Threads, default_threads


class Machine:
    """A clock and the passes on it: others' work makes every thread but the first a burden."""

    def __init__(self, most: int) -> None:
        self.threads = Threads(most)
        self.busy = False
        self.at_s = 0.0

    def decode(self, passes: int = 1) -> list[int]:
        used = []
        for _ in range(passes):
            n = self.threads.now
            seconds = 0.04 / n if not self.busy else 0.08 if n == 1 else 0.5
            self.at_s += seconds
            self.threads.took(1, seconds, self.at_s)
            used.append(n)
        return used


def test_an_idle_machine_gets_all_threads() -> None:
    assert set(Machine(4).decode(200)) == {4}


def test_a_busy_machine_soon_gets_one() -> None:
    machine = Machine(4)
    machine.decode(20)
    machine.busy = True
    assert machine.decode(20)[-1] == 1
    assert sum(n > 1 for n in machine.decode(20)) == 0


def test_when_it_is_idle_again_so_are_all_threads_back() -> None:
    machine = Machine(4)
    machine.decode(20)
    machine.busy = True
    machine.decode(20)
    machine.busy = False
    machine.decode(1000)
    assert machine.threads.now == 4


def test_a_machine_that_stays_busy_is_tried_less_and_less_often() -> None:
    machine = Machine(2)
    machine.decode(20)
    machine.busy = True
    tried = machine.decode(3000).count(2)
    assert machine.at_s > 20 * HOLD_S
    assert tried < machine.at_s / HOLD_S


def test_a_machine_that_was_busy_from_the_start_gets_one_too() -> None:
    threads = Threads(2)
    at_s = 0.0
    for _ in range(4):
        at_s += 2.0
        threads.took(128, 2.0, at_s)
    assert threads.now == 2
    for _ in range(4):
        seconds = 0.8 if threads.now == 2 else 0.1
        at_s += seconds
        threads.took(1, seconds, at_s)
    assert threads.now == 1


def test_a_machine_that_became_slow_keeps_all_threads() -> None:
    """As on battery: fewer threads would make it slower still."""
    threads, at_s, used = Threads(8), 0.0, []
    for i in range(2000):
        seconds = 0.08 / threads.now * (1.0 if i < 300 else 3.0)
        at_s += seconds
        threads.took(1, seconds, at_s)
        used.append(threads.now)
    assert used[-1] == 8
    assert sum(n < 8 for n in used) < 20


def test_beside_a_graphics_card_nothing_is_adapted() -> None:
    threads = Threads(4, adapts=False)
    for i in range(10):
        threads.took(1, float(i + 1), float(i))
    assert threads.now == 4


def test_one_slow_pass_changes_nothing() -> None:
    machine = Machine(4)
    machine.decode(20)
    machine.threads.took(1, 1.0, machine.at_s)
    assert set(machine.decode(20)) == {4}


def test_a_machine_with_one_thread_keeps_it() -> None:
    threads = Threads(1)
    for i in range(10):
        threads.took(1, float(i), float(i))
    assert threads.now == 1


def test_the_default_leaves_the_machine_room() -> None:
    assert 1 <= default_threads() <= 8
