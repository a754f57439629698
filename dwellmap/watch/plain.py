"""Opening files that lie in the inbox: nothing put in their place may hold up the service."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

Stamp = tuple[int, int, int]
"""(size, time of change in ns, inode) of a file; another one means another content."""


def opened_plain(path: Path) -> BufferedReader:
    """An ordinary file, open for reading.

    A pipe waits for its other end, a link leads out of the inbox: whoever can write there may put one in a
    file's place between two looks.

    Raises:
        OSError: If it cannot be opened, or is no ordinary file.

    """
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    return file


def stamp_of(path: Path) -> Stamp:
    """What changes with a file's content; of the file itself, not of what it points to.

    Raises:
        OSError: If it is not there.

    """
    return stamped(os.stat(path, follow_symlinks=False))


def stamped(status: os.stat_result) -> Stamp:
    """The stamp of a file of which the kernel has told."""
    return status.st_size, status.st_mtime_ns, status.st_ino
