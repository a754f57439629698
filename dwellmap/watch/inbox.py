"""The inbox: which of its files have stopped growing and can be taken."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dwellmap.watch.plain import Stamp, opened_plain
from dwellmap.watch.whole import missing
from tracker.sources import VIDEO_ENDINGS

PARTIAL_ENDINGS = frozenset({".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".download"})
"""Names that copying and loading programs give to files that are not whole yet."""
UNFINISHED_NAME = "its name says that it is not whole yet"
DONE_FOLDER, FAILED_FOLDER = "done", "failed"
LARGEST_BYTES = 10**12
"""A day at 90 Mbit/s; to read what is larger would hold up all others."""
_LARGE_BYTES = 10**10
"""To read so much takes long enough that what is empty is better refused."""
_LEAST_SHARE = 0.1
_BLOCK_BYTES = 512
_DEEPEST = 16
_NOT_ENTERED = ("@", "#", "$", ".", "lost+found", "System Volume Information")


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that can be taken.

    Attributes:
        path: Relative to the inbox.
        stamp: (size, time of change in ns, inode).
        refused: Why it must not be read at all; empty if it may.

    """

    path: Path
    stamp: Stamp
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file that is not whole yet.

    Attributes:
        path: Relative to the inbox.
        size: Bytes so far.
        why: What it waits for.

    """

    path: Path
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the inbox found.

    Attributes:
        settled: Files to be taken.
        arriving: Files that are still coming.
        there: Every video file, by path relative to the inbox.
        left_alone: Endings of other files, and how many there are of each.
        unreadable: Folders that may not be looked into; nothing is known of what lies below.

    """

    settled: tuple[Settled, ...]
    arriving: tuple[Arriving, ...]
    there: frozenset[Path]
    left_alone: Mapping[str, int]
    unreadable: tuple[Path, ...]

    def is_hidden(self, path: Path) -> bool:
        """Whether a file may be there all the same, in a folder that may not be looked into."""
        return any(folder in path.parents for folder in self.unreadable)


@dataclass(slots=True)
class _Growing:
    stamp: Stamp
    since_s: float
    at_once: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What the kernel told of files that are coming; filled by `News`.

    Attributes:
        written: Written to, and not closed since.
        closed: Closed by who wrote them, or renamed, and not written to since.
        moved: Renamed into the folder or within it, and not written to since.

    """

    written: set[Path] = field(default_factory=set)
    closed: set[Path] = field(default_factory=set)
    moved: set[Path] = field(default_factory=set)

    def forget(self, path: Path) -> None:
        """Know nothing of a file."""
        for known in (self.written, self.closed, self.moved):
            known.discard(path)

    def keep(self, paths: Collection[Path]) -> None:
        """Know nothing of others."""
        for known in (self.written, self.closed, self.moved):
            known.intersection_update(paths)


@dataclass(slots=True)
class Inbox:
    """Looks at a folder again and again; never changes anything in it.

    Args:
        folder: The folder.
        settle_s: Seconds for which a file must not have changed.
        patience_s: Seconds after which one that is not whole, but does not change either, is taken as it is.
        shared: It lies on a network share: nothing tells there whether somebody still writes.
        largest_bytes: Size above which a file is refused unread.

    Attributes:
        told: What the kernel told of its files.
        cameras: Names of the site's cameras, case-folded: folders named so are always entered.

    """

    folder: Path
    settle_s: float
    patience_s: float
    shared: bool
    largest_bytes: int = LARGEST_BYTES
    told: Told = field(default_factory=Told)
    cameras: frozenset[str] = frozenset()
    _growing: dict[Path, _Growing] = field(default_factory=dict)
    _partial: set[int] = field(default_factory=set)

    def look(self, known: Mapping[Path, Stamp], now_s: float | None = None) -> Look:
        """Look once.

        Args:
            known: Files whose content is known, with the stamp they had then.
            now_s: A clock that never jumps, seconds.

        Raises:
            OSError: If the folder cannot be read.

        """
        now_s = time.monotonic() if now_s is None else now_s
        settled: list[Settled] = []
        arriving: list[Arriving] = []
        there: set[Path] = set()
        left_alone: dict[str, int] = {}
        partial: set[int] = set()
        unreadable: set[Path] = set()
        for path, status in self._walk(self.folder, Path(), 0, unreadable):
            ending = path.suffix.lower()
            if path.name.startswith(".") and not path.name.startswith(".."):
                continue
            if ending in PARTIAL_ENDINGS:
                partial.add(status.st_ino)
                arriving.append(Arriving(path, status.st_size, UNFINISHED_NAME))
                continue
            if ending not in VIDEO_ENDINGS:
                left_alone[ending] = left_alone.get(ending, 0) + 1
                continue
            there.add(path)
            stamp = (status.st_size, status.st_mtime_ns, status.st_ino)
            if known.get(path) == stamp:
                self._growing.pop(path, None)
                continue
            refused = _refused(status, self.largest_bytes)
            why = "" if refused else self._why_not(path, status, stamp, now_s)
            # Not before it has settled: some programs make a file as long as it will be, and then fill it.
            if not why and not refused and not self.shared:
                refused = _hollow(self.folder / path, status)
            if why:
                arriving.append(Arriving(path, status.st_size, why))
            else:
                settled.append(Settled(path, stamp, refused))
        for path in self._growing.keys() - there:
            del self._growing[path]
        self._partial = partial
        self.told.keep({*(one.path for one in arriving), *(one.path for one in settled)})
        settled.sort(key=lambda one: os.fsencode(one.path))
        return Look(tuple(settled), tuple(arriving), frozenset(there), left_alone, tuple(sorted(unreadable)))

    def _walk(
        self, folder: Path, below: Path, depth: int, unreadable: set[Path]
    ) -> list[tuple[Path, os.stat_result]]:
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    if not entry.is_dir(follow_symlinks=False):
                        found.append((below / entry.name, entry.stat(follow_symlinks=False)))
                        continue
                    if is_entered(entry.name, depth, self.cameras):
                        found += self._walk(Path(entry.path), below / entry.name, depth + 1, unreadable)
                except FileNotFoundError:  # gone since it was listed
                    continue
                except PermissionError:
                    if depth == 0 and not os.access(self.folder, os.R_OK):
                        raise
                    # A file's status is denied by its folder, a folder's list by itself.
                    unreadable.add(below / entry.name if entry.is_dir(follow_symlinks=False) else below)
        return found

    def _why_not(self, path: Path, status: os.stat_result, stamp: Stamp, now_s: float) -> str:
        """Why it is not taken yet; empty if it can be."""
        growing, closed, first = self._growing.get(path), self._closed(path), False
        if growing is None or growing.stamp != stamp:
            first = growing is None
            growing = self._growing[path] = _Growing(stamp, now_s, False)
        # A rename changes only the inode's own time; who writes changes both together.
        renamed = first and (status.st_ino in self._partial or status.st_ctime_ns > status.st_mtime_ns)
        if closed is True and status.st_size > 0 and (renamed or path in self.told.moved):
            growing.at_once = True
        quiet_s = now_s - growing.since_s
        if not growing.at_once and quiet_s < self.settle_s:
            return f"changed less than {self.settle_s:g} s ago"
        patient = quiet_s < max(self.patience_s, self.settle_s)
        if patient and closed is False:
            return "somebody still has it open for writing"
        try:
            with opened_plain(self.folder / path) as file:
                lacking = missing(file)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return lacking if patient else ""

    def _closed(self, path: Path) -> bool | None:
        """Whether nobody has the file open for writing; None where that cannot be told.

        The kernel grants a read lease (fcntl(2), F_SETLEASE) only on a file that nobody writes, and only to
        the file's owner. To others its news (`told`) tell it of files that came since they are listened to.
        """
        if self.shared:
            return None
        leased = self._leased(path)
        if leased is None and path in self.told.written:
            return False
        return True if leased is None and path in self.told.closed else leased

    def _leased(self, path: Path) -> bool | None:
        try:
            file = os.open(self.folder / path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            return False
        except OSError:
            return None
        finally:
            os.close(file)
        return True


def is_entered(name: str, depth: int, cameras: Collection[str] = ()) -> bool:
    """Whether a folder is looked into.

    Args:
        name: Its name.
        depth: Of the folder that it lies in, 0 for the inbox itself.
        cameras: Names of cameras, case-folded.

    """
    ours = depth == 0 and name in (DONE_FOLDER, FAILED_FOLDER)
    wanted = name.casefold() in cameras or not name.startswith(_NOT_ENTERED)
    return depth < _DEEPEST and not ours and wanted


def _hollow(path: Path, status: os.stat_result) -> str:
    """Why a large file with next to nothing on the disk is refused; empty if it is not one.

    The blocks alone don't tell: some file systems compress, count late, or count none at all.
    """
    on_disk = status.st_blocks * _BLOCK_BYTES
    if status.st_size < _LARGE_BYTES or on_disk >= _LEAST_SHARE * status.st_size:
        return ""
    try:
        with opened_plain(path) as file:
            hole = os.lseek(file.fileno(), 0, os.SEEK_HOLE)
    except OSError:
        return ""
    if hole >= status.st_size:
        return ""
    return (
        f"expected a file whose {status.st_size / 1e9:,.0f} GB are on the disk, only {on_disk / 1e9:,.3f} GB "
        "are: the rest is empty; copy it again"
    )


def _refused(status: os.stat_result, largest_bytes: int) -> str:
    if stat.S_ISLNK(status.st_mode):
        return "it is a symbolic link, and only files that lie in the inbox themselves are taken"
    if not stat.S_ISREG(status.st_mode):
        return "it is no ordinary file"
    if status.st_size > largest_bytes:
        return (
            f"expected at most {largest_bytes / 1e9:,.0f} GB (--largest-gb), got a file of "
            f"{status.st_size / 1e9:,.0f} GB"
        )
    return ""
