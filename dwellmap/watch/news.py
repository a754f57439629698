"""What the kernel tells of the inbox: what has changed, who still writes, what was renamed (inotify(7))."""

from __future__ import annotations

import os
import time
from pathlib import Path

from inotify_simple import Event, INotify, flags

from dwellmap.watch.inbox import Inbox, is_entered

_DEBOUNCE_MS = 50
_AGAIN_S = 60.0
_MASK = (
    flags.CREATE | flags.DELETE | flags.MODIFY | flags.CLOSE_WRITE | flags.MOVED_FROM | flags.MOVED_TO
    | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR | flags.DONT_FOLLOW | flags.EXCL_UNLINK
)  # fmt: skip


class News:
    """News of an inbox; fills `Inbox.told`.

    Goes on when the folder vanishes and comes back. Where the kernel gives no news, on a network share or
    with all watches taken, it only sleeps: whoever waits looks now and then in any case.

    Args:
        inbox: The inbox.

    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._kernel: INotify | None = None
        self._place: tuple[int, int] | None = None
        self._folders: dict[int, Path] = {}
        self._leaving: tuple[int, bool] = (0, False)
        self._not_before_s = 0.0

    def wait(self, longest_s: float) -> bool:
        """Wait until something has changed, or for so long; True if it has."""
        until_s = time.monotonic() + longest_s
        place = None if self._inbox.shared else _place(self._inbox.folder)
        changed = place != self._place
        if changed:
            self._place, self._not_before_s = place, 0.0
            self.close()
        if self._kernel is None and place is not None and time.monotonic() >= self._not_before_s:
            self._begin()
            changed = True
        while not changed and self._kernel is not None and (left_s := until_s - time.monotonic()) > 0:
            for event in self._kernel.read(int(left_s * 1000) + 1, _DEBOUNCE_MS):
                changed = self._take(event) or changed
                if self._kernel is None:
                    break
        if self._kernel is None and not changed:
            time.sleep(max(0.0, until_s - time.monotonic()))
        return changed

    def close(self) -> None:
        """Let go of the folder, and of what was known of its files."""
        if self._kernel is not None:
            self._kernel.close()
        self._kernel = None
        self._folders.clear()
        self._inbox.told.keep(frozenset())

    def _begin(self) -> None:
        try:
            self._kernel = INotify()
            self._add(self._kernel, Path(), 0)
        except OSError:
            self.close()
            self._not_before_s = time.monotonic() + _AGAIN_S

    def _add(self, kernel: INotify, below: Path, depth: int) -> None:
        folder = self._inbox.folder / below
        try:
            # First the news, then the list: what comes in between is in both, never in neither.
            self._folders[kernel.add_watch(folder, _MASK)] = below
            inside = [e.name for e in os.scandir(folder) if e.is_dir(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return
        for name in inside:
            if is_entered(name, depth, self._inbox.cameras):
                self._add(kernel, below / name, depth + 1)

    def _take(self, event: Event) -> bool:
        """Take one piece of news; True if it calls for a look."""
        folder, kind = self._folders.get(event.wd), event.mask
        lost = kind & (flags.IGNORED | flags.UNMOUNT | flags.DELETE_SELF | flags.MOVE_SELF)
        if kind & flags.Q_OVERFLOW or (lost and folder == Path()):
            self.close()
            return True
        if folder is None or lost:
            self._folders.pop(event.wd, None)
            return folder is not None
        path = folder / event.name
        if kind & flags.ISDIR:
            self._folder(path, kind)
        else:
            self._file(path, kind, event.cookie)
        return not kind & flags.MODIFY

    def _folder(self, path: Path, kind: int) -> None:
        if kind & (flags.MOVED_FROM | flags.MOVED_TO):
            # The kernel goes on telling of it, but under a name that we don't know: begin anew.
            self.close()
        elif kind & flags.CREATE and self._kernel is not None:
            depth = len(path.parts) - 1
            if is_entered(path.name, depth, self._inbox.cameras):
                try:
                    self._add(self._kernel, path, depth + 1)
                except OSError:
                    self.close()

    def _file(self, path: Path, kind: int, cookie: int) -> None:
        told = self._inbox.told
        was_written = path in told.written
        told.forget(path)
        if kind & flags.MODIFY:
            told.written.add(path)
        elif kind & flags.CLOSE_WRITE:
            told.closed.add(path)
        elif kind & flags.MOVED_FROM:
            self._leaving = cookie, was_written
        elif kind & flags.MOVED_TO and self._leaving == (cookie, True):
            told.written.add(path)
        elif kind & flags.MOVED_TO:
            told.closed.add(path)
            told.moved.add(path)


def _place(folder: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino
