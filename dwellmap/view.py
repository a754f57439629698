"""A camera's view of the floor: everything the maps of its recordings are computed on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.grid import Grid, Unit
from analytics.positions import picture_covariance
from analytics.settings import MapSettings
from analytics.zones import Zone
from calibration.calibration import Calibration
from calibration.footprint import footprint_m
from calibration.scene import Door, Furniture, Scene, Wall
from dwellmap.site import Camera, Site
from tracker.fingerprint import hash_file


@dataclass(frozen=True, slots=True, eq=False)
class CameraView:
    """One camera over one floor.

    Attributes:
        camera: Name of the camera.
        size_px: (width, height) of its pictures.
        calibration: None means that the picture itself is the floor.
        extent: (x0, y0, x1, y1) of the floor that is mapped, in `unit`.
        scene: What stands on the floor.
        zones: Named areas.
        ignored_px: Polygons (n, 2) of the picture in which nobody counts.
        plan_picture: Picture of the floor plan covering `extent`; None if there is none.
        notes: What was assumed, in plain words.
        still: Picture that shows where the camera looked when it was calibrated; None if there is none.

    """

    camera: str
    size_px: tuple[int, int]
    calibration: Calibration | None
    extent: tuple[float, float, float, float]
    scene: Scene = field(default_factory=Scene)
    zones: tuple[Zone, ...] = ()
    ignored_px: tuple[NDArray[np.float64], ...] = ()
    plan_picture: Path | None = None
    notes: tuple[str, ...] = ()
    still: Path | None = None

    @property
    def unit(self) -> Unit:
        """Unit of the floor: "m" with a calibration, "px" without."""
        return "px" if self.calibration is None else "m"

    @property
    def floor_from_people(self) -> bool:
        """Whether the floor was estimated from the people in the recording."""
        return self.calibration is not None and self.calibration.people is not None

    def grid(self, settings: MapSettings) -> Grid:
        """The cells over the extent."""
        x0, y0, x1, y1 = self.extent
        cell = settings.cell_m
        if self.unit == "px":
            cell = settings.cell_px or _cell_px(self.size_px)
        return Grid.over((x0, y0), (x1, y1), cell, self.unit)

    def footprint(self) -> NDArray[np.float64] | None:
        """(n, 2) outline of the floor inside the picture, cut to the extent; None without calibration."""
        return None if self.calibration is None else footprint_m(self.calibration, self.extent)

    def covariance(self, grid: Grid, typical_height_px: float, person_height_m: float) -> NDArray[np.float64]:
        """(cells, 3) covariance of a detected foot point at each cell's centre, grid's unit squared."""
        if self.calibration is None:
            return picture_covariance(np.full(grid.cells, typical_height_px))
        foot = self.calibration.image_from_floor(grid.centres)
        height = np.full(grid.cells, typical_height_px)
        if self.calibration.pose is not None:
            head = self.calibration.pose.project(grid.centres, person_height_m)
            height = np.abs(foot[:, 1] - head[:, 1])
        return self.calibration.floor_covariance(foot, height)

    def to_json(self) -> dict[str, Any]:
        """Everything but the calibration, for the recipe."""
        return {
            "camera": self.camera,
            "size_px": list(self.size_px),
            "extent": list(self.extent),
            "unit": self.unit,
            "calibration": None if self.calibration is None else self.calibration.id,
            "walls": [w.xy_m.tolist() for w in self.scene.walls],
            "doors": [d.xy_m.tolist() for d in self.scene.doors],
            "furniture": [{"xy_m": f.xy_m.tolist(), "height_m": f.height_m} for f in self.scene.furniture],
            "ignored_floor_m": [p.tolist() for p in self.scene.ignored_floor_m],
            "ignored_px": [p.tolist() for p in self.ignored_px],
            "plan_picture": None if self.plan_picture is None else hash_file(self.plan_picture),
            "zones": [{"name": z.name, "xy_m": z.xy_m.tolist(), "staff": z.staff} for z in self.zones],
            "notes": list(self.notes),
            **({"floor_from_people": True} if self.floor_from_people else {}),
        }

    @classmethod
    def from_json(
        cls, content: dict[str, Any], calibration: Calibration | None, plan_picture: Path | None
    ) -> CameraView:
        """What `to_json` wrote."""
        return cls(
            camera=content["camera"],
            size_px=tuple(content["size_px"]),
            calibration=calibration,
            extent=tuple(content["extent"]),
            scene=Scene(
                walls=tuple(Wall(p) for p in content["walls"]),
                doors=tuple(Door(p) for p in content["doors"]),
                furniture=tuple(Furniture(f["xy_m"], f["height_m"]) for f in content["furniture"]),
                ignored_floor_m=tuple(np.array(p) for p in content["ignored_floor_m"]),
            ),
            zones=tuple(Zone(z["name"], z["xy_m"], z["staff"]) for z in content["zones"]),
            ignored_px=tuple(np.array(p) for p in content["ignored_px"]),
            plan_picture=plan_picture,
            notes=tuple(content["notes"]),
        )


def given(view: dict[str, Any]) -> dict[str, Any]:
    """What of a view's `to_json` was there before the recording was looked at."""
    if not view.get("floor_from_people"):
        return view
    w, h = view["size_px"]
    kept = {key: value for key, value in view.items() if key != "floor_from_people"}
    extent = [-0.5, -0.5, w - 0.5, h - 0.5]
    return kept | {"calibration": None, "extent": extent, "unit": "px", "notes": view["notes"][:-1]}


def _cell_px(size_px: tuple[int, int]) -> float:
    """About a thirtieth of the picture's height, if possible so that whole cells fill the picture."""
    wanted = max(4.0, size_px[1] / 30)
    common = math.gcd(*size_px)
    fitting = [d for d in range(1, common + 1) if common % d == 0 and 0.6 * wanted <= d <= 1.6 * wanted]
    return float(min(fitting, key=lambda d: abs(d - wanted)) if fitting else round(wanted))


def uncalibrated_view(
    camera: str, size_px: tuple[int, int], ignored_px: tuple[NDArray[np.float64], ...] = ()
) -> CameraView:
    """The picture itself as the floor, in pixels."""
    return CameraView(
        camera, size_px, None, (-0.5, -0.5, size_px[0] - 0.5, size_px[1] - 0.5), ignored_px=ignored_px
    )


def site_view(
    site: Site,
    camera: Camera,
    size_px: tuple[int, int],
    calibration: Calibration | None,
    made_for: tuple[int, int] | None = None,
) -> CameraView:
    """A camera of a site; without calibration its plan, zones and furniture cannot be used.

    Args:
        site: The site.
        camera: One of its cameras.
        size_px: (width, height) of the recording's pictures.
        calibration: For pictures of this size.
        made_for: Size of the pictures that the calibration was made with; default this size.

    """
    if calibration is None:
        view = uncalibrated_view(camera.name, size_px, camera.ignored_px)
        left = "its plan, zones, doors and furniture in metres are not used"
        return replace(
            view, notes=(f"camera {camera.name!r} has no calibration in {site.path.name}: {left}",)
        )
    ignored_px = camera.ignored_px
    notes: tuple[str, ...] = ()
    if made_for is not None and made_for != size_px:
        notes = (
            f"calibrated on pictures of {made_for[0]}x{made_for[1]}, rescaled to {size_px[0]}x{size_px[1]}",
        )
        # Ignored areas were drawn on the picture that was calibrated.
        ignored_px = tuple(area * (np.array(size_px) / made_for) for area in ignored_px)
    return CameraView(
        camera.name,
        size_px,
        calibration,
        (0.0, 0.0, *site.plan.size_m),
        site.scene,
        site.zones,
        ignored_px,
        site.plan.picture,
        notes,
        camera.still,
    )
