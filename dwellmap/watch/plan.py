"""How the service works, as its operator wants it."""

from __future__ import annotations

from dataclasses import dataclass

from dwellmap.watch.limits import Limits


@dataclass(frozen=True, slots=True)
class Plan:
    """How the service works.

    Attributes:
        once: Handle what is there, then end.
        move: Move originals that have ended into a folder of the inbox.
        limits: What recordings may take.
        least_free_bytes: Space that must stay free in the output folder.
        retain_days: Days after which personal data are erased; None never.
        shared: Whether the inbox lies on a network share; None to ask the kernel.

    """

    once: bool
    move: bool
    limits: Limits
    least_free_bytes: int
    retain_days: int | None
    shared: bool | None = None
