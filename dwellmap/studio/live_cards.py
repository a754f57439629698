"""A card for each camera that is watched: its name, how it is, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from nicegui import ui

from dwellmap.live.snapshot import Snapshot
from dwellmap.studio.durations import spoken
from dwellmap.studio.shell import note

_STALE_S = 10.0


class CameraCards:
    """The cards. They stay while their words change: a button that is made anew would lose a click.

    Args:
        choose: Told the name of the camera whose floor is to be shown.

    """

    def __init__(self, choose: Callable[[str], None]) -> None:
        self._choose = choose
        self._cards: dict[str, _Card] = {}
        self._column = ui.element("div").classes("studio-column")
        with self._column:
            note("The cameras are being opened…")

    def show(self, snapshots: Sequence[Snapshot], chosen: Snapshot | None) -> None:
        """Say how the cameras are, and which one's floor is shown."""
        names = [one.camera for one in snapshots]
        if names != list(self._cards):
            self._column.clear()
            with self._column:
                self._cards = {name: _Card(name, self._choose if len(names) > 1 else None) for name in names}
        for one in snapshots:
            self._cards[one.camera].show(one, one is chosen)


class _Card:
    """One camera; with `choose`, its name is a button."""

    def __init__(self, camera: str, choose: Callable[[str], None] | None) -> None:
        with ui.element("section").classes("studio-card") as card:
            # A name may hold anything: not through a string of properties.
            card.props["aria-label"] = f"Camera {camera}"
            with ui.element("div").classes("studio-row"):
                self._button = None
                if choose is None:
                    ui.label(camera).classes("studio-big")
                else:
                    self._button = ui.button(camera, on_click=lambda: choose(camera))
                    self._button.props('dense no-caps padding="2px 12px"')
                self._state = ui.label("")
                self._address = ui.label("").classes("studio-note")
            self._figures = ui.label("").classes("studio-note")
            self._uncalibrated = ui.label(
                "Not calibrated: the picture stands for the floor, and sizes are pixels."
            ).classes("studio-note")
            with ui.element("div").classes("studio-problem").props('role="alert"') as self._problem:
                self._message = ui.label("")

    def show(self, one: Snapshot, chosen: bool) -> None:
        """Say how it is now."""
        if self._button is not None:
            self._button.props(remove="outline") if chosen else self._button.props("outline")
            self._button.props["aria-pressed"] = str(chosen).lower()
            self._button.update()
        self._state.set_text(_state(one))
        self._state.classes(replace="" if one.state == "watching" else "studio-warning")
        self._address.set_text(one.shown)
        self._figures.set_text(_figures(one))
        self._figures.set_visibility(one.since is not None)
        self._uncalibrated.set_visibility(one.floor is not None and one.floor.view.unit == "px")
        self._message.set_text(one.message)
        self._problem.set_visibility(bool(one.message))


def _state(one: Snapshot) -> str:
    now = datetime.now(UTC)
    if one.state != "ended" and (now - one.at).total_seconds() > _STALE_S:
        return f"not heard of for {spoken((now - one.at).total_seconds())}"
    if one.state == "trouble" and one.retry_at is not None:
        left_s = max(0.0, (one.retry_at - now).total_seconds())
        return f"no picture; trying again in {left_s:.0f} s"
    return {
        "connecting": "connecting", "watching": "watching", "trouble": "no picture", "ended": "ended",
    }[one.state]  # fmt: skip


def _figures(one: Snapshot) -> str:
    if one.since is None:
        return ""
    delay = "–" if np.isnan(one.delay_s) else f"{one.delay_s:.2f} s"
    broke = f" · broke {one.gaps} time{'s' if one.gaps > 1 else ''}" if one.gaps else ""
    return (
        f"{one.looked_fps:.1f} of {one.camera_fps:.1f} pictures a second looked at · delay {delay} · "
        f"{one.dropped_share:.0%} left out because the machine is slow · "
        f"since {one.since.astimezone():%H:%M:%S}{broke} · {one.detector}"
    )
