"""Locks on files that end with the process which holds them."""

from __future__ import annotations

import fcntl


def try_lock(file: int) -> bool:
    """Lock an open file, or say that another process holds it; True where a share knows no locks.

    Args:
        file: Its descriptor; the lock ends when it is closed.

    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
