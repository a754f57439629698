"""What a service holds: lock and ledger of the output folder, and the inbox, whichever lies there now."""

from __future__ import annotations

import os
import sqlite3

from dwellmap.watch.folder import WatchFolder
from dwellmap.watch.holder import HeldError, Holder, wait_for_workers
from dwellmap.watch.inbox import Inbox
from dwellmap.watch.ledger import Ledger
from dwellmap.watch.room import Room, is_share


class Hold:
    """Takes hold of the folders, and finds them again when they come back as other devices.

    Args:
        ours: The service's folder.
        inbox: The inbox; told here whether it lies on a network share.
        room: Looks whether both are there; told here which ledger and which mount are the right ones.
        shared: Whether the inbox lies on a network share; None to ask the kernel.

    Attributes:
        ledger: The ledger, once `take` has succeeded.

    """

    ledger: Ledger

    def __init__(self, ours: WatchFolder, inbox: Inbox, room: Room, shared: bool | None) -> None:
        self._ours, self._inbox, self._room, self._shared = ours, inbox, room, shared
        self._met: tuple[int, int] | None = None

    def take(self) -> None:
        """Take hold of the output folder, and of the inbox if it is there.

        Raises:
            HeldError: If another service holds one of them.
            OSError, sqlite3.OperationalError: If the output folder cannot be used now.
            ValueError: If there is a ledger that this version cannot use.

        """
        # Its parents are not made: where a disk is not mounted, results would lie beneath it.
        self._ours.out.mkdir(exist_ok=True)
        self._ours.path.mkdir(exist_ok=True)
        self._holder = Holder(self._ours, self._inbox.folder)
        try:
            wait_for_workers(self._ours)
            self.meet_inbox()
            self.ledger = Ledger(self._ours.ledger, create=True)
        except BaseException:
            self._holder.release()
            raise
        self._id, self._room.identity = self.ledger.note("id"), self.ledger.identity

    def meet_inbox(self) -> str:
        """Get to know the inbox, whenever another one lies there than before; why that cannot be, if so.

        Raises:
            HeldError: If another service holds it.

        """
        lacking = self._room.inbox_lacking()
        if lacking:
            return lacking
        status = os.stat(self._inbox.folder)
        place = status.st_dev, status.st_ino
        if place != self._met:
            self._holder.hold_inbox(self._inbox.folder)
            self._room.meet_inbox()
            self._inbox.shared = is_share(self._inbox.folder) if self._shared is None else self._shared
            self._met = place
        return ""

    def distrust(self) -> None:
        """Open the ledger anew next time: it may be open still on a share that has gone and come back."""
        self._room.identity = None

    def find_again(self, lacking: str) -> str:
        """Go on with an output folder that has come back as another device; why that cannot be, if so."""
        try:
            ledger = Ledger(self._ours.ledger)
        except (OSError, ValueError, sqlite3.Error):
            return lacking
        try:
            if ledger.note("id") != self._id:
                ledger.close()
                return lacking
            self._holder.release()
            self._holder, self._met = Holder(self._ours, self._inbox.folder), None
        except (HeldError, OSError, sqlite3.Error) as error:
            ledger.close()
            return str(error)
        self.ledger.close()
        self.ledger, self._room.identity = ledger, ledger.identity
        return ""

    def release(self) -> None:
        """Let go of all."""
        self.ledger.close()
        self._holder.release()
