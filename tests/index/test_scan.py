"""Comparing the disk with what is known of it."""

from __future__ import annotations

from sidelong_index.scan import SETTLED_NS, Changes, Known, Stamp, compare, is_settled

OLD = Stamp(size=3, mtime_ns=100, ctime_ns=100, inode=7)


def known(stamp: Stamp = OLD, *, settled: bool = True) -> Known:
    return Known(stamp, b"digest", settled)


def test_new_changed_and_vanished_files_are_told_apart() -> None:
    before = {"same": known(), "changed": known(), "gone": known()}
    now = {"same": OLD, "changed": OLD._replace(mtime_ns=101), "new": OLD}
    assert compare(before, now) == Changes(vanished=("gone",), suspect=("changed", "new"))


def test_a_file_put_in_anothers_place_with_its_time_is_suspect() -> None:
    assert compare({"a": known()}, {"a": OLD._replace(inode=8)}).suspect == ("a",)


def test_a_file_read_right_after_it_was_written_is_read_again() -> None:
    assert compare({"a": known(settled=False)}, {"a": OLD}).suspect == ("a",)


def test_a_file_is_settled_once_its_clock_has_ticked() -> None:
    assert not is_settled(OLD, OLD.mtime_ns + SETTLED_NS)
    assert is_settled(OLD, OLD.mtime_ns + SETTLED_NS + 1)
    assert not is_settled(OLD._replace(mtime_ns=10**18), now_ns=0)
