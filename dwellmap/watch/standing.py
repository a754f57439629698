"""How everything stands, put together for the health file and the terminal."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dwellmap.watch.crew import Crew
from dwellmap.watch.health import Coming, Erasing, Health, time_left_s
from dwellmap.watch.intake import Intake
from dwellmap.watch.ledger import Ledger
from dwellmap.watch.names import shown
from dwellmap.watch.room import Room


def standing(
    state: str, reason: str, inbox: Path, ledger: Ledger, crew: Crew, intake: Intake, room: Room,
    erasing: Erasing | None,
) -> Health:  # fmt: skip
    """How everything stands now; `reason` says why it is paused.

    Raises:
        sqlite3.Error: If the ledger cannot be read.

    """
    counts, pace, waiting = ledger.counts(), ledger.pace(), ledger.waiting_bytes()
    at_work = crew.progress(pace)
    left_alone: dict[str, int] = {}
    for ending, number in intake.left_alone.items():
        left_alone[shown(ending)] = left_alone.get(shown(ending), 0) + number
    return Health(
        state=state,
        reason=reason,
        pid=os.getpid(),
        inbox=shown(inbox),
        written=time.time(),
        free_bytes=room.free_bytes(),
        left_s=time_left_s([work.left_s for work in at_work], waiting, pace),
        at_work=at_work,
        arriving=tuple(Coming(name=shown(c.path), size=c.size, why=shown(c.why)) for c in intake.coming),
        left_alone=left_alone,
        unreadable=tuple(shown(folder) for folder in intake.unreadable),
        erasing=erasing,
        waiting=counts["waiting"],
        running=counts["running"],
        done=counts["done"],
        failed=counts["failed"],
        dropped=counts["dropped"],
    )
