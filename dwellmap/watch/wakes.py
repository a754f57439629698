"""When to look at the inbox: at once when something changes there, and now and then in any case."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

_DEBOUNCE_MS = 50


def wakes(folder: Path, shared: bool, every_s: float) -> Iterator[bool]:
    """Yield at least every `every_s` seconds; True if something has changed in the folder.

    Goes on when the folder vanishes and comes back, and when the kernel gives no news of it.

    Args:
        folder: The inbox.
        shared: It lies on a network share, of which no news comes.
        every_s: Longest pause, seconds.

    """
    while True:
        if not shared and (place := _place(folder)) is not None:
            try:
                for changes in watch(
                    folder,
                    watch_filter=None,
                    debounce=_DEBOUNCE_MS,
                    step=_DEBOUNCE_MS,
                    rust_timeout=max(_DEBOUNCE_MS, int(every_s * 1000)),
                    yield_on_timeout=True,
                    raise_interrupt=False,
                    ignore_permission_denied=True,
                ):
                    yield bool(changes)
                    if _place(folder) != place:
                        break
            except (OSError, RuntimeError):
                # It went away, or the kernel has no more watches to give: looking now and then is enough.
                yield True
        time.sleep(every_s)
        yield False


def _place(folder: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino
