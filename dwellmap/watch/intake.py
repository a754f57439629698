"""From files in the inbox to entries of the ledger."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from dwellmap.site import Site, load_site
from dwellmap.watch.entry import Entry
from dwellmap.watch.inbox import DONE_FOLDER, FAILED_FOLDER, Arriving, Inbox, Settled
from dwellmap.watch.ledger import UNREAD, Ledger
from dwellmap.watch.names import as_text, shown
from dwellmap.watch.order import camera_of
from dwellmap.watch.plain import Stamp
from dwellmap.watch.reading import Read, Reading

_AGAIN_S = 30.0


class Intake:
    """Enters what has settled: hashed, with its camera, once per content.

    Args:
        inbox: The inbox.
        site: The site file; read anew when it changes.
        say: Tells the person.

    Attributes:
        arriving: Files that are not whole yet.
        left_alone: Endings of files that are no videos.
        unreadable: Folders that may not be looked into.

    """

    def __init__(self, inbox: Inbox, site: Path, say: Callable[[str], None]) -> None:
        self._inbox, self._say = inbox, say
        self.unreadable: tuple[Path, ...] = ()
        self._site_file = site
        self._site_stamp: tuple[int, int] | None = None
        self._site = self.site()
        self._reading = Reading(inbox.folder)
        self._known: dict[Path, tuple[Stamp, str]] = {}
        self._not_before_s: dict[Path, float] = {}
        self._unread_since_s: dict[Path, float] = {}
        self.arriving: tuple[Arriving, ...] = ()
        self.left_alone: dict[str, int] = {}

    def load(self, ledger: Ledger) -> None:
        """Know what the ledger knows."""
        self._known = {
            file.path: (file.stamp, file.content)
            for file in ledger.files()
            if not file.gone and file.path.parts[0] not in (DONE_FOLDER, FAILED_FOLDER)
        }

    def site(self) -> Site:
        """The site as its file says now.

        Raises:
            ValueError, OSError: If it cannot be read or something in it is wrong.

        """
        status = os.stat(self._site_file)
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._site_stamp:
            self._site = load_site(self._site_file)
            self._site_stamp = stamp
            self._inbox.cameras = frozenset(camera.name.casefold() for camera in self._site.cameras)
        return self._site

    @property
    def is_reading(self) -> bool:
        """Whether files are being read, or are to be read again."""
        return bool(self._reading.under_way or self._unread_since_s)

    @property
    def coming(self) -> tuple[Arriving, ...]:
        """Files that are not entered yet: those that are not whole, and those that are being read."""
        reading = self._reading.under_way.items()
        return (
            *self.arriving,
            *(
                Arriving(path, size, "waits to be read" if number else "is being read")
                for number, (path, size) in enumerate(reading)
            ),
        )

    def look(self, ledger: Ledger) -> list[Entry]:
        """Look at the inbox once.

        Returns:
            The entries of what is refused unread.

        Raises:
            OSError: If it cannot be read.

        """
        look = self._inbox.look({path: stamp for path, (stamp, _) in self._known.items()})
        self._tell_unreadable(look.unreadable)
        for path in [one for one in self._known.keys() - look.there if not look.is_hidden(one)]:
            ledger.forget_file(path, self._known[path][1])
            del self._known[path]
        self._not_before_s = {p: s for p, s in self._not_before_s.items() if p in look.there}
        self._unread_since_s = {p: s for p, s in self._unread_since_s.items() if p in look.there}
        now_s = time.monotonic()
        refused: list[Entry] = []
        for file in look.settled:
            if self._not_before_s.get(file.path, 0.0) > now_s:
                continue
            if file.refused:
                refused.append(self._enter(ledger, file, _unread(file), file.refused))
            else:
                self._reading.ask(file)
        self.arriving, self.left_alone = look.arriving, dict(look.left_alone)
        return refused

    def _tell_unreadable(self, folders: tuple[Path, ...]) -> None:
        for folder in folders:
            if folder not in self.unreadable:
                self._say(
                    f"{shown(folder)}: the folder cannot be read, what lies in it is not seen; give the user "
                    "that the service runs as the right to read and enter it"
                )
        self.unreadable = folders

    def enter(self, ledger: Ledger) -> list[Entry]:
        """Enter what has been read since; returns the entries.

        While the site file cannot be used nothing is entered: no recording is blamed for that.
        """
        entered: list[Entry] = []
        try:
            self.site()
        except (ValueError, OSError):
            return entered
        for read in self._reading.done():
            if read.fault:
                entered += self._not_read(ledger, read)
            elif read.content:
                entered.append(self._enter(ledger, read.file, read.content, ""))
        return entered

    def camera(self, path: Path) -> str:
        """Name of the camera that a file is from.

        Raises:
            ValueError, OSError: If none fits, or the site file cannot be used.

        """
        return camera_of(self.site(), path).name

    def forget(self, path: Path) -> None:
        """Look at a file anew."""
        self._known.pop(path, None)

    def _not_read(self, ledger: Ledger, read: Read) -> list[Entry]:
        """Try again for a while, for shares have their moments; then set it aside, and return its entry."""
        path, now_s = read.file.path, time.monotonic()
        first_s = self._unread_since_s.setdefault(path, now_s)
        if first_s == now_s:
            self._say(f"{shown(path)}: {shown(read.fault)}; it is tried again")
        self._not_before_s[path] = now_s + min(_AGAIN_S, self._inbox.patience_s)
        if now_s - first_s >= self._inbox.patience_s:
            return [self._enter(ledger, read.file, _unread(read.file), read.fault)]
        return []

    def _enter(self, ledger: Ledger, file: Settled, content: str, reason: str) -> Entry:
        camera = ""
        if not reason:
            try:
                camera = camera_of(self._site, file.path).name
            except ValueError as error:
                reason = str(error).removeprefix(f"/{file.path}: ")
        self._unread_since_s.pop(file.path, None)
        entry, fresh = ledger.take(file.path, file.stamp, content, camera, reason)
        self._known[file.path] = (file.stamp, content)
        if not fresh:
            where = f": {entry.run}" if entry.run else ""
            if entry.name != as_text(file.path):
                self._say(
                    f"{shown(file.path)}: the same content as {shown(entry.name)}, {entry.state}{where}"
                )
        elif reason:
            self._say(f"{shown(file.path)}: failed: {shown(reason)}")
        else:
            self._say(f"{shown(file.path)}: taken, camera {camera}, {file.stamp[0] / 1e6:,.1f} MB")
        return entry


def _unread(file: Settled) -> str:
    """The key of a file whose content is not known."""
    named = f"{os.fsencode(file.path)!r} {file.stamp}"
    return f"{UNREAD}{hashlib.sha256(named.encode()).hexdigest()}"
