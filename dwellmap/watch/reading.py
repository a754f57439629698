"""Reading files for what they hold, one after the other, while the service goes on."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from dwellmap.watch.inbox import Settled
from dwellmap.watch.plain import opened_plain, stamp_of

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read.

    Attributes:
        file: The file.
        content: SHA-256 of its bytes; empty if it changed meanwhile or could not be read.
        fault: Why it could not be read.

    """

    file: Settled
    content: str
    fault: str = ""


class Reading:
    """A thread that hashes files. It never holds up the end of the process.

    Args:
        inbox: The inbox.

    Attributes:
        under_way: Files that are being read or wait for it, in turn, and their sizes, bytes.

    """

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self._asked: SimpleQueue[Settled] = SimpleQueue()
        self._read: SimpleQueue[Read] = SimpleQueue()
        self.under_way: dict[Path, int] = {}
        threading.Thread(target=self._work, name="reading", daemon=True).start()

    def ask(self, file: Settled) -> None:
        """Read a file, unless it is being read."""
        if file.path not in self.under_way:
            self.under_way[file.path] = file.stamp[0]
            self._asked.put(file)

    def done(self) -> list[Read]:
        """What was read since."""
        found = []
        while not self._read.empty():
            read = self._read.get()
            self.under_way.pop(read.file.path, None)
            found.append(read)
        return found

    def _work(self) -> None:
        while True:
            file = self._asked.get()
            path = self._inbox / file.path
            content, fault = "", ""
            try:
                content = _hash(path, file.stamp[0])
                if stamp_of(path) != file.stamp:
                    content = ""
            except OSError as error:
                fault = f"cannot be read: {error.strerror or error}"
            self._read.put(Read(file, content, fault))


def _hash(path: Path, size: int) -> str:
    """Hex SHA-256 of so many bytes: one that grows as fast as it is read must not hold up the others.

    Raises:
        OSError: If it cannot be read.

    """
    digest = hashlib.sha256()
    with opened_plain(path) as file:
        while size > 0 and (block := file.read(min(size, _BLOCK_BYTES))):
            digest.update(block)
            size -= len(block)
    return digest.hexdigest()
