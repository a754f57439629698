"""Reading ahead: the same items in the same order, and no thread stays behind."""

import threading
import time

import pytest

from tracker.ahead import ahead


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "dwellmap-ahead"]


def test_the_same_items_in_the_same_order():
    assert list(ahead(range(1000), 3)) == list(range(1000))
    assert list(ahead([], 1)) == []
    assert not readers()


def test_a_fault_comes_in_its_place_and_as_it_was():
    def items():
        yield 1
        yield 2
        raise OSError("the disk is gone")

    reading = ahead(items(), 5)
    assert [next(reading), next(reading)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(reading)
    assert not readers()


def test_no_more_than_so_many_are_made_ahead():
    made = []

    def items():
        for k in range(100):
            made.append(k)
            yield k

    reading = ahead(items(), 3)
    assert not made, "nothing begins before the first item is asked for"
    next(reading)
    deadline = time.monotonic() + 10
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    # One is taken, three wait, one is in the reader's hands.
    assert len(made) == 5
    reading.close()
    assert not readers()


def test_who_stops_early_has_the_source_closed_by_its_own_thread():
    closed = []

    def items():
        begun = threading.current_thread()
        try:
            while True:
                yield 0
        finally:
            closed.append(threading.current_thread() is begun)

    for _ in ahead(items(), 2):
        break
    deadline = time.monotonic() + 10
    while not closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert closed == [True]
    assert not readers()


def test_room_for_nothing_is_no_room():
    with pytest.raises(ValueError, match="at least 1"):
        ahead([1], 0)
