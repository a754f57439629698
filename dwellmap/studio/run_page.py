"""The page of one run: its four maps with the value under the mouse, its zones, how far to trust it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from matplotlib.colors import to_hex
from nicegui import ui

from analytics.heading import MEANING
from analytics.palette import BLURRED, FADED, NO_ARRIVAL_RGBA, Kind, colour_map
from dwellmap.run_folder import RunFolder
from dwellmap.run_writing import period
from dwellmap.spreadsheet import as_read
from dwellmap.studio.canvas import Canvas, Shape
from dwellmap.studio.durations import spoken
from dwellmap.studio.pictures import Pictures
from dwellmap.studio.run_list import RunList
from dwellmap.studio.run_quality import quality
from dwellmap.studio.run_values import MOST_TEXTS, RunMap, RunValues, raster, read_values, texts, underlay
from dwellmap.studio.scale_bar import scale_bar
from dwellmap.studio.sheet import sheet_lines
from dwellmap.studio.shell import frame, note, problem
from dwellmap.studio.workspace import Workspace
from dwellmap.view import CameraView

_ZONE = "#0067b8"
_KEYS = "Arrow keys go from cell to cell and say its value, + and - zoom, 0 shows all."
_MOST_ZONES = 500


def build(workspace: Workspace, pictures: Pictures, runs: RunList, name: str) -> None:
    """Build the page."""
    with frame("Run", "/runs", workspace):
        try:
            run = RunFolder.open(runs.folder(name))
            page = _RunPage(pictures, run, name)
            told = quality(run)
        except (ValueError, OSError) as error:
            problem(str(error))
            ui.link("All runs", "/runs")
            return
        page.build()
        _zones(run)
        with ui.element("section").classes("studio-card"):
            ui.html("<h2>How far these numbers can be trusted</h2>", sanitize=False)
            for text in run.recipe["warnings"]:
                ui.label(str(text)).classes("studio-warning")
            with ui.element("dl").classes("studio-facts"):
                for said in told:
                    for tag, text in (("dt", said.about), ("dd", said.figure), ("dd", said.meaning)):
                        with ui.element(tag):
                            ui.label(text)
        _recipe(run)


class _RunPage:
    """The maps."""

    def __init__(self, pictures: Pictures, run: RunFolder, name: str) -> None:
        self.pictures, self.run, self.name = pictures, run, name
        self.view: CameraView = run.view()
        self.values: RunValues = read_values(run)
        self.told = period(run.source(), run.footage())
        self.urls: dict[str, str] = {}
        self.shown = "heat"

    def build(self) -> None:
        """Lay the maps out."""
        results = self.run.recipe["results"]
        with ui.element("div").classes("studio-row"):
            ui.link("Runs", "/runs").classes("studio-link")
            ui.label("›").props('aria-hidden="true"')
            with ui.element("h1"):
                ui.label(self.run.source().name)
            note(f"{self.view.camera} · {self.told}")
        with ui.element("div").classes("studio-side narrow"):
            with ui.element("section").classes("studio-card"):
                names = {name: MEANING[name][0] for name in self.values.maps}
                with ui.element("div").classes("studio-row"):
                    self.tabs = ui.toggle(names, value=self.shown, on_change=self._show).props(
                        'dense no-caps padding="4px 12px" aria-label="Map"'
                    )
                    ui.space()
                    self.full = ui.link("Open as a picture", "#", new_tab=True).classes("studio-link")
                self.meaning = ui.label("").classes("studio-note studio-line")
                with ui.element("div").classes("studio-stage tall"):
                    self.canvas = Canvas(f"Map. {_KEYS}", self.values.grid.unit, self.values.extent, "look")
            with ui.element("section").classes("studio-card").props('aria-label="Legend and totals"'):
                with ui.element("div").classes("studio-totals"):
                    for figure, what in (
                        (f"{results['people']:,}".replace(",", "\u202f"), "people"),
                        (spoken(float(results["on_the_map_s"])), "total dwell on the map"),
                    ):
                        with ui.element("div"):
                            ui.label(figure).classes("studio-big")
                            note(what)
                ui.separator()
                self._legend()
        self._under()
        self._show()

    def _under(self) -> None:
        """Plan or scene below the maps, zones and the camera's view above."""
        picture = underlay(self.run, self.view, self.values.grid)
        if picture is not None:
            self.canvas.show(picture=self.pictures.keep(picture))
        elif self.view.unit == "m":
            self.canvas.ruled(sheet_lines((self.view.extent[2], self.view.extent[3])))
        outline = self.view.footprint()
        lines = [] if outline is None else [np.vstack([outline, outline[:1]])]
        lines += [np.asarray(wall.xy_m) for wall in self.view.scene.walls]
        lines += [np.vstack([piece.xy_m, piece.xy_m[:1]]) for piece in self.view.scene.furniture]
        self.canvas.grid(lines)
        if self.view.unit == "m":
            self.canvas.outlines(
                [
                    Shape("line", [[float(x), float(y)] for x, y in [*z.xy_m, z.xy_m[0]]], z.name, _ZONE)
                    for z in self.view.zones
                ]
            )

    def _show(self) -> None:
        """Show the chosen map."""
        self.shown = self.tabs.value or self.shown
        shown = self.values.maps[self.shown]
        if self.shown not in self.urls:
            self.urls[self.shown] = self.pictures.keep(raster(shown))
        grid = self.values.grid
        cells: dict[str, Any] | None = None
        if grid.cells <= MOST_TEXTS:
            cells = {
                "x0": grid.origin[0], "y0": grid.origin[1], "side": grid.cell, "columns": grid.columns,
                "rows": grid.rows, "texts": texts(self.values, self.shown),
            }  # fmt: skip
        self.canvas.show(
            layers=[{"url": self.urls[self.shown], "opacity": 1, "smooth": False}],
            cells=cells,
            label=f"{MEANING[self.shown][0]}: map of cells. {_KEYS}",
        )
        self.meaning.set_text(MEANING[self.shown][1])
        self.full.props["href"] = "/run-file?" + urlencode({"run": self.name, "file": f"{self.shown}.png"})
        self.full.update()
        self._legend.refresh()

    @ui.refreshable_method
    def _legend(self) -> None:
        shown = self.values.maps[self.shown]
        ui.html("<h2>Legend</h2>", sanitize=False)
        scale_bar(shown.scale)
        for fill, text in _marks(shown, self.values.min_entries):
            with ui.element("div").classes("studio-mark"):
                ui.element("span").style(f"background: {fill}")
                ui.label(text)
        grid = self.values.grid
        note(f"One cell is {grid.cell:g} × {grid.cell:g} {grid.unit}.")
        if grid.cells > MOST_TEXTS:
            note("So many cells have no value under the mouse; maps.parquet of the run has them all.")
        else:
            note("The value under the mouse is shown on the map; " + _KEYS[0].lower() + _KEYS[1:])


def _marks(shown: RunMap, min_entries: int) -> list[tuple[str, str]]:
    """What the legend explains, of what the map shows: (CSS background, text)."""
    present = set(np.unique(shown.kinds).tolist())
    shade = to_hex(colour_map()(0.6))
    few = f"radial-gradient(circle, #1f2933 1.5px, transparent 2px), {_pale(shade, FADED)}"
    hatch = "repeating-linear-gradient(135deg, #9aa2ac 0 2px, #e4e6e9 2px 7px)"
    return [
        (fill, text)
        for kind, fill, text in (
            (Kind.FEW, few, f"few: under {min_entries} entries"),
            (Kind.FINE, _pale(shade, BLURRED), "finer than positions are accurate"),
            (Kind.NO_ARRIVAL, to_hex(NO_ARRIVAL_RGBA[:3]), "no arrival seen"),
            (Kind.NOBODY, "#ffffff", "nobody: floor shows"),
            (Kind.NOT_SEEN, hatch, "not seen by the camera"),
        )
        if kind in present
    ]


def _pale(colour: str, alpha: float) -> str:
    return f"{colour}{round(alpha * 255):02x}"


def _zones(run: RunFolder) -> None:
    rows = _read_zones(run.path / "zones.csv")
    if not rows:
        return
    with ui.element("section").classes("studio-card"):
        ui.html("<h2>Zones</h2>", sanitize=False)
        with ui.element("table").classes("studio-table"):
            with ui.element("thead"), ui.element("tr"):
                for text in ("Zone", "People", "Entries", "Total dwell", "Attention span", "In view"):
                    with ui.element("th").props('scope="col"'):
                        ui.label(text)
            with ui.element("tbody"):
                for row in rows:
                    with ui.element("tr"):
                        for text in row:
                            with ui.element("td"):
                                ui.label(text)


def _read_zones(path: Path) -> list[tuple[str, ...]]:
    """Lines of zones.csv as they are shown; none where it is gone or damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            stored = [row for row, _ in zip(csv.DictReader(file), range(_MOST_ZONES), strict=False)]
        return [
            (
                as_read(row["zone"]) + (" (staff only)" if row["staff_only"] == "True" else ""),
                f"{float(row['visitors'] or 'nan'):.0f}",
                f"{float(row['entries'] or 'nan'):.0f}",
                spoken(float(row["dwell_s"] or "nan")),
                spoken(float(row["attention_s"] or "nan")),
                f"{float(row['coverage'] or 'nan'):.0%}",
            )
            for row in stored
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _recipe(run: RunFolder) -> None:
    """What the numbers mean and were made with."""
    recipe = run.recipe
    with ui.expansion("What the numbers mean, and what they were made with").classes("studio-card"):
        with ui.element("dl").classes("studio-facts two"):
            for word, meaning in dict(recipe.get("definitions", {})).items():
                for tag, text in (("dt", word), ("dd", meaning)):
                    with ui.element(tag):
                        ui.label(str(text))
        made = {
            "recording": recipe["source"].get("path"),
            "detector": recipe["source"].get("detector_description"),
            "calibration": recipe["view"].get("calibration") or "none", "folder": str(run.path),
            "versions": recipe.get("versions", {}), "notes": recipe["notes"], "settings": recipe["settings"],
        }  # fmt: skip
        ui.label(json.dumps(made, indent=1, ensure_ascii=False)).classes("studio-recipe")
