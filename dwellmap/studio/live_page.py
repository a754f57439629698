"""The page of the cameras that are watched now: the floor as it is, and how well it is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
from nicegui import run, ui

from dwellmap.backdrop import backdrop_of
from dwellmap.live.snapshot import FloorNow, Snapshot
from dwellmap.studio.canvas import Canvas, Mark, Shape
from dwellmap.studio.durations import spoken
from dwellmap.studio.live_cards import CameraCards
from dwellmap.studio.live_values import MEANING, NAMES, Name, camera_picture, shown_map
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.run_values import raster
from dwellmap.studio.scale_bar import scale_bar
from dwellmap.studio.sheet import sheet_lines
from dwellmap.studio.shell import frame, note
from dwellmap.studio.workspace import Workspace

_EVERY_S = 1.0
_ZONE = "#0067b8"
_MIN_ENTRIES = 5
_BARS = 60


def build(
    workspace: Workspace,
    pictures: Pictures,
    live: Callable[[], tuple[Snapshot, ...]] | None,
    camera: str,
) -> None:
    """Build the page."""
    with frame("Live", "/live", workspace):
        if live is None:
            ui.html("<h1>Live</h1>", sanitize=False)
            note(
                "No camera is watched by this program. `dwellmap live NAME=rtsp://… --site site.toml` "
                "watches one and opens this page."
            )
            return
        page = _LivePage(pictures, live, camera)
        page.build()
        ui.timer(_EVERY_S, page.look)


class _LivePage:
    """One browser's page; what does not change is not sent again."""

    def __init__(self, pictures: Pictures, live: Callable[[], tuple[Snapshot, ...]], camera: str) -> None:
        self._pictures, self._live = pictures, live
        self._snapshots = live()
        self._camera = camera
        self._name: Name = "heat"
        self._since_start = False
        self._drawn: tuple[object, ...] = ()
        self._floor_of: tuple[object, ...] = ()

    def build(self) -> None:
        """Lay it out."""
        with ui.element("div").classes("studio-row"):
            ui.html("<h1>Live</h1>", sanitize=False)
            ui.label("provisional").classes("studio-chip")
            note("Entries are counted here. People are counted when an hour is closed and linked: see Runs.")
        self._cards = CameraCards(self._take)
        with ui.element("div").classes("studio-side narrow"):
            with ui.element("section").classes("studio-card").props('aria-label="Maps"'):
                with ui.element("div").classes("studio-row"):
                    ui.toggle(NAMES, value=self._name, on_change=lambda e: self._choose(name=e.value)).props(
                        'dense no-caps padding="4px 12px" aria-label="Map"'
                    )
                    self._spans = ui.toggle(
                        {False: "last minutes", True: "since the start"}, value=False,
                        on_change=lambda e: self._choose(since_start=e.value),
                    ).props('dense no-caps padding="4px 12px" aria-label="Time"')  # fmt: skip
                self._meaning = ui.label("").classes("studio-note studio-line")
                with ui.element("div").classes("studio-stage tall"):
                    self._canvas = Canvas("The floor now", "m", (0.0, 0.0, 10.0, 8.0), "look")
            with ui.element("div").classes("studio-column"):
                with ui.element("section").classes("studio-card").props('aria-label="Legend"'):
                    self._legend()
                with ui.element("section").classes("studio-card").props('aria-label="Camera"'):
                    ui.html("<h2>What the camera sees</h2>", sanitize=False)
                    self._picture = ui.element("img").style("width: 100%; border-radius: 6px")
                    self._picture.props('alt="Boxes of the people in sight now"')
                    self._privacy = ui.label("").classes("studio-note")
        with ui.element("section").classes("studio-card").props('aria-label="Zones"'):
            self._zones()
        self._cards.show(self._snapshots, self._shown)
        self._draw()

    async def look(self) -> None:
        """Look again."""
        self._snapshots = self._live()
        self._cards.show(self._snapshots, self._shown)
        shown = self._shown
        floor = None if shown is None else shown.floor
        picture = None if floor is None else await run.io_bound(camera_picture, floor)
        # Meanwhile another camera may have been chosen: its picture comes with the next look.
        if self._shown is shown:
            self._picture.props["src"] = picture or ""
            self._picture.set_visibility(picture is not None)
            self._picture.update()
        self._draw()
        self._zones.refresh()

    @property
    def _shown(self) -> Snapshot | None:
        named = [one for one in self._snapshots if one.camera == self._camera]
        return next(iter(named or self._snapshots), None)

    def _choose(self, name: Name | None = None, since_start: bool | None = None) -> None:
        self._name = self._name if name is None else name
        self._since_start = self._since_start if since_start is None else since_start
        self._drawn = ()
        self._draw()

    def _take(self, camera: str) -> None:
        self._camera, self._drawn = camera, ()
        # That of the camera before; its own comes with the next look.
        self._picture.set_visibility(False)
        self._cards.show(self._snapshots, self._shown)
        self._draw()
        self._zones.refresh()

    @ui.refreshable_method
    def _legend(self) -> None:
        ui.html("<h2>Legend</h2>", sanitize=False)
        shown = self._shown
        found = None
        if shown is not None and shown.floor is not None:
            found = shown_map(shown.floor, self._name, self._since_start, _MIN_ENTRIES)
        if found is None or shown is None:
            note("The first map comes some seconds after the first picture.")
            return
        scale_bar(found.scale)
        note(f"Rings are people now. Pale cells with a dot rest on fewer than {_MIN_ENTRIES} entries.")
        if self._name == "stops":
            note(f"The heat of a stop halves every {spoken(shown.half_life_s)}.")

    @ui.refreshable_method
    def _zones(self) -> None:
        ui.html("<h2>Zones</h2>", sanitize=False)
        shown = self._shown
        floor = None if shown is None else shown.floor
        if floor is None or not floor.view.zones:
            note("No zones are drawn yet: see Zones." if floor is not None else "Nothing is known yet.")
            return
        with ui.element("table").classes("studio-table"):
            with ui.element("thead"), ui.element("tr"):
                for text in (
                    "Zone",
                    "Now",
                    "Last hour, minute by minute",
                    "Entries since the start",
                    "Dwell",
                ):
                    with ui.element("th").props('scope="col"'):
                        ui.label(text)
            with ui.element("tbody"):
                for number, zone in enumerate(floor.view.zones):
                    total = floor.total
                    with ui.element("tr"):
                        _cell(zone.name + (" (staff only)" if zone.staff else ""))
                        _cell(str(int(floor.in_zones[number])))
                        with ui.element("td"):
                            _bars([float(mean[number]) for _, mean in floor.occupancy])
                        _cell("–" if total is None else str(int(total.zone_entries[number])))
                        _cell("–" if total is None else spoken(float(total.zone_dwell_s[number])))

    def _draw(self) -> None:
        """Send what has changed of the map."""
        shown = self._shown
        if shown is None or shown.floor is None:
            self._clear()
            return
        floor = shown.floor
        self._under(shown.camera, shown.since, floor)
        self._canvas.marks([Mark(k, float(x), float(y), "") for k, (x, y) in enumerate(floor.xy)])
        minutes = f"last {shown.window_s / 60:g} minutes"
        if self._spans.options != {False: minutes, True: "since the start"}:
            self._spans.set_options({False: minutes, True: "since the start"}, value=self._since_start)
        self._privacy.set_text(
            "The camera's own picture is shown because --show-people was given."
            if floor.picture_jpeg is not None
            else "Boxes of the people in sight, over a picture of the place without them."
        )
        maps = floor.total if self._since_start else floor.window
        state = (shown.camera, self._name, self._since_start, None if maps is None else maps.end_s)
        if maps is None or state == self._drawn:
            return
        self._drawn = state
        found = shown_map(floor, self._name, self._since_start, _MIN_ENTRIES)
        if found is not None:
            url = self._pictures.keep(raster(found))
            self._canvas.show(layers=[{"url": url, "opacity": 0.85, "smooth": False}])
        told = f"{MEANING[self._name]} Watched for {spoken(maps.observed_s)} of it."
        self._meaning.set_text(told)
        self._legend.refresh()

    def _clear(self) -> None:
        """Show no floor: the one that was shown is another camera's."""
        if not self._floor_of:
            return
        self._floor_of = self._drawn = ()
        for draw in (self._canvas.marks, self._canvas.outlines, self._canvas.grid, self._canvas.ruled):
            draw([])
        self._canvas.show(picture="", layers=[])
        self._meaning.set_text("No picture of this camera has come yet.")
        self._privacy.set_text("")
        self._legend.refresh()

    def _under(self, camera: str, since: datetime | None, floor: FloorNow) -> None:
        """Plan or scene below the maps, zones and the camera's view above; once per camera and scene."""
        state = (camera, since, floor.scene_bgr is None)
        if state == self._floor_of:
            return
        self._floor_of = state
        view, grid = floor.view, floor.grid
        x, y = grid.x_edges, grid.y_edges
        extent = float(x[0]), float(y[0]), float(x[-1]), float(y[-1])
        self._canvas.show(extent=list(extent), unit=grid.unit, picture="", layers=[])
        found = backdrop_of(view, None)
        if found is not None:
            part, _ = found.drawn(extent, 1400.0)
            if part.size:
                self._canvas.show(picture=self._pictures.keep(part))
        elif view.unit == "m":
            self._canvas.ruled(sheet_lines((view.extent[2], view.extent[3])))
        elif floor.scene_bgr is not None:
            self._canvas.show(picture=self._pictures.keep(np.ascontiguousarray(floor.scene_bgr[..., ::-1])))
        outline = view.footprint()
        lines = [] if outline is None else [np.vstack([outline, outline[:1]])]
        lines += [np.asarray(wall.xy_m) for wall in view.scene.walls]
        lines += [np.vstack([piece.xy_m, piece.xy_m[:1]]) for piece in view.scene.furniture]
        self._canvas.grid(lines)
        zones = view.zones if view.unit == "m" else ()
        self._canvas.outlines(
            [
                Shape("line", [[float(px), float(py)] for px, py in [*z.xy_m, z.xy_m[0]]], z.name, _ZONE)
                for z in zones
            ]
        )


def _cell(text: str) -> None:
    with ui.element("td"):
        ui.label(text)


def _bars(minutes: list[float]) -> None:
    """People in a zone minute by minute, as small bars; the newest stands at the right."""
    if not minutes:
        note("after the first minute")
        return
    top = max(1.0, *minutes)
    bars = "".join(
        f'<rect x="{3 * (_BARS - len(minutes) + k)}" y="{22 - 20 * mean / top:.1f}" width="2.4" '
        f'height="{20 * mean / top:.1f}" fill="{_ZONE}"/>'
        for k, mean in enumerate(minutes)
    )
    told = f"{minutes[-1]:.1f} people in the last minute, at most {max(minutes):.1f}"
    ui.html(
        f'<svg width="{3 * _BARS}" height="24" role="img" aria-label="{told}">'
        f'<line x1="0" x2="{3 * _BARS}" y1="22.5" y2="22.5" stroke="#c4cbd3"/>{bars}</svg>',
        sanitize=False,
    ).tooltip(told)
