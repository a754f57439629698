"""Reading ahead: what comes next is made ready in a thread while the present is worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item], most: int) -> Generator[Item]:
    """Yield the items in their order, up to `most` of them made ready ahead by a thread.

    The thread begins with the first item that is asked for, and has ended when this generator ends, however
    that comes about; what the items raise is raised here, in its place. It helps where the work on both sides
    leaves Python (decoding, inference, OpenCV).

    Args:
        items: Iterated by the thread alone.
        most: Items that wait at a time (at least 1): the bound of memory.

    """
    if most < 1:
        raise ValueError(f"most: expected at least 1 item to read ahead, got {most}")
    return _ahead(items, most)


def _ahead(items: Iterable[Item], most: int) -> Generator[Item]:
    shelf: _Shelf[Item] = _Shelf(most)
    reader = threading.Thread(target=_read, args=(items, shelf), name="dwellmap-ahead", daemon=True)
    reader.start()
    try:
        while not isinstance(item := shelf.take(), _End):
            yield item[0]
        if item.fault is not None:
            raise item.fault
    finally:
        shelf.close()
        reader.join()


def _read(items: Iterable[Item], shelf: _Shelf[Item]) -> None:
    """What the thread does."""
    fault: BaseException | None = None
    iterator = iter(items)
    try:
        for item in iterator:
            if not shelf.put((item,)):
                break
        # A generator's files are closed by the thread that opened them.
        if isinstance(iterator, Generator):
            iterator.close()
    except BaseException as error:  # raised again by the other side
        fault = error
    shelf.put(_End(fault))


class _End:
    """After the last item: what went wrong, if anything."""

    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


class _Shelf(Generic[Item]):
    """Items between two threads, until it is closed."""

    def __init__(self, most: int) -> None:
        self._items: queue.Queue[tuple[Item] | _End] = queue.Queue(most)
        self._closed = threading.Event()

    def put(self, item: tuple[Item] | _End) -> bool:
        """Wait for room; whether anybody still wants it."""
        while not self._closed.is_set():
            try:
                self._items.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def take(self) -> tuple[Item] | _End:
        """Wait for the next."""
        return self._items.get()

    def close(self) -> None:
        """Take no more."""
        self._closed.set()
