"""What is asked of a live camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dwellmap.detector_kinds import Kind
from tracker.live.address import without_credentials


@dataclass(frozen=True, slots=True)
class Order:
    """One camera to watch, and how; handed to its process through a pipe, for the address holds a password.

    Attributes:
        camera: Name of the camera.
        address: Its address, credentials included: never show it.
        site: Site file; None without one.
        out: Output folder.
        detector: Who finds the people.
        weights: Weights; None to look for them.
        appearance: How looks tell people apart.
        sample_fps: Pictures a second to look at; None for all.
        cell_m: Side of a cell; None as the site file says.
        changes: Changed settings, as `--set` has them.
        window_s: Length of the rolling window.
        half_life_s: Time in which the heat of stops halves.
        show: Show a window.
        show_people: Hand the pictures on, people and all.
        run_s: Length of a run; runs are cut by the wall clock.

    """

    camera: str
    address: str = field(repr=False)
    site: Path | None
    out: Path
    detector: Kind
    weights: Path | None
    appearance: str
    sample_fps: float | None
    cell_m: float | None
    changes: tuple[str, ...]
    window_s: float
    half_life_s: float
    show: bool
    show_people: bool
    run_s: float = 3600.0

    @property
    def shown(self) -> str:
        """The address as it may be shown."""
        return without_credentials(self.address)
