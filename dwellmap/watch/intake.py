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

    """

    def __init__(self, inbox: Inbox, site: Path, say: Callable[[str], None]) -> None:
        self._inbox, self._say = inbox, say
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
        return self._site

    @property
    def is_reading(self) -> bool:
        """Whether files are being read, or are to be read again."""
        return bool(self._reading.under_way or self._unread_since_s)

    def look(self, ledger: Ledger) -> None:
        """Look at the inbox once.

        Raises:
            OSError: If it cannot be read.

        """
        look = self._inbox.look({path: stamp for path, (stamp, _) in self._known.items()})
        for path in self._known.keys() - look.there:
            ledger.forget_file(path, self._known[path][1])
            del self._known[path]
        self._not_before_s = {p: s for p, s in self._not_before_s.items() if p in look.there}
        self._unread_since_s = {p: s for p, s in self._unread_since_s.items() if p in look.there}
        now_s = time.monotonic()
        for file in look.settled:
            if self._not_before_s.get(file.path, 0.0) > now_s:
                continue
            if file.refused:
                self._enter(ledger, file, _unread(file), file.refused)
            else:
                self._reading.ask(file)
        self.arriving, self.left_alone = look.arriving, dict(look.left_alone)

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
                self._not_read(ledger, read)
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

    def _not_read(self, ledger: Ledger, read: Read) -> None:
        """Try again for a while, for shares have their moments; then set it aside."""
        path, now_s = read.file.path, time.monotonic()
        first_s = self._unread_since_s.setdefault(path, now_s)
        if first_s == now_s:
            self._say(f"{shown(path)}: {shown(read.fault)}; it is tried again")
        self._not_before_s[path] = now_s + min(_AGAIN_S, self._inbox.patience_s)
        if now_s - first_s >= self._inbox.patience_s:
            self._enter(ledger, read.file, _unread(read.file), read.fault)

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
