"""What `dwellmap demo` hands to the main job: film, plan, calibration, site file; and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from dwellmap.demo.camera import Camera
from dwellmap.demo.clock import filmed_spans, picture_times
from dwellmap.demo.film import Film
from dwellmap.demo.floorplan import draw_plan
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.presence import Presence
from dwellmap.demo.production import camera_of, cast_of, film_of
from dwellmap.demo.shop import CORNER_SHOP, Shop
from dwellmap.demo.sighting import Sighting, truth_frame
from dwellmap.h264 import write_h264

CAMERA_NAME = "corner"
# One standard deviation of where the person who calibrates the demo clicks, pixels of a 960 x 540 picture.
_CLICK_PX = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class DemoFiles:
    """What was written.

    Attributes:
        film: The footage, H.264.
        site: The site file, with plan, furniture, door, zones and the camera's calibration.
        truth: A row per person and picture: person, t_s, x_m, y_m, visible, feet, box.
        cast: Where everybody was at any moment, for the truth of the maps.
        shop: The shop.
        filmed_s: (n, 2) from when to when there are pictures.

    """

    film: Path
    site: Path
    truth: Path
    cast: tuple[Presence, ...]
    shop: Shop
    filmed_s: NDArray[np.float64]

    @property
    def people(self) -> int:
        """How many different people were there while something was filmed."""
        begin, end = self.filmed_s.T
        return len({p.person for p in self.cast if np.any((p.t_s[0] < end) & (p.t_s[-1] > begin))})


def make_footage(folder: Path, options: DemoOptions, progress: Callable[[float], None]) -> DemoFiles:
    """Film the shop.

    Args:
        folder: Where the files go; it is made if need be.
        options: What is filmed.
        progress: Told the time of each picture.

    """
    folder.mkdir(parents=True, exist_ok=True)
    shop = CORNER_SHOP
    cast = cast_of(shop, options)
    camera = camera_of(options)
    times_s = picture_times(options)
    seen: list[Sighting] = []
    files = DemoFiles(
        folder / "demo.mp4", folder / "site.toml", folder / "truth.parquet", cast, shop, filmed_spans(times_s)
    )
    pictures = _shot(film_of(shop, camera, cast, options), times_s, seen, progress)
    write_h264(files.film, pictures, times_s, options.size_px)
    truth_frame(seen).to_parquet(files.truth, index=False)
    scale = draw_plan(shop, folder / "plan.png")
    _calibrate(shop, camera, options.seed, folder / "corner.calibration.json")
    files.site.write_text(_site_file(shop, scale), encoding="utf-8")
    return files


def _shot(
    film: Film, times_s: NDArray[np.float64], seen: list[Sighting], progress: Callable[[float], None]
) -> Iterator[NDArray[np.uint8]]:
    """The pictures, with what they show noted down."""
    for t_s, (image, sightings) in zip(times_s, film.shoot(times_s), strict=True):
        seen.extend(sightings)
        progress(float(t_s))
        yield image


def _calibrate(shop: Shop, camera: Camera, seed: int, path: Path) -> None:
    """Calibrate as a person would: points on the floor that are seen, clicked a little beside."""
    grid = np.array(
        [(x, y) for x in np.arange(0.8, shop.width_m, 0.7) for y in np.arange(0.8, shop.depth_m, 0.7)]
    )
    covered = np.zeros(len(grid), dtype=np.bool_)
    for box in shop.furniture:
        low, high = (box.left_m - 0.2, box.top_m - 0.2), (box.right_m + 0.2, box.bottom_m + 0.2)
        covered |= ((grid >= low) & (grid <= high)).all(axis=1)
    px, depth = camera.project(np.column_stack([grid, np.zeros(len(grid))]))
    shown = (depth > 0) & (px >= 5).all(axis=1) & (px <= np.array(camera.size_px) - 6).all(axis=1) & ~covered
    rng = np.random.default_rng([seed, 6])
    chosen = rng.permutation(np.flatnonzero(shown))[:14]
    clicks = px[chosen] + rng.normal(0, _CLICK_PX * camera.size_px[0] / 960, (len(chosen), 2))
    fit_calibration(Pairs.of(clicks, grid[chosen]), camera.size_px).calibration.save(path)


def _site_file(shop: Shop, metres_per_pixel: float) -> str:
    """The site file, as its owner would write it."""
    low, high = shop.door_m
    w, d = shop.width_m, shop.depth_m
    lines = [
        "# The demo shop, written by `dwellmap demo`.",
        'name = "Demo shop"',
        "",
        "[plan]",
        'picture = "plan.png"',
        f"metres_per_pixel = {metres_per_pixel:g}",
        "",
        "[[cameras]]",
        f'name = "{CAMERA_NAME}"',
        'calibration = "corner.calibration.json"',
        "",
        "[[doors]]",
        'name = "door"',
        f"line_m = [[{w}, {low}], [{w}, {high}]]",
        "",
        "[[walls]]",
        f"line_m = [[{w}, {low}], [{w}, 0.0], [0.0, 0.0], [0.0, {d}], [{w}, {d}], [{w}, {high}]]",
    ]
    for box in shop.furniture:
        corners = ", ".join(f"[{x:g}, {y:g}]" for x, y in box.corners_m)
        lines += [
            "",
            "[[furniture]]",
            f'name = "{box.name}"',
            f"polygon_m = [{corners}]",
            f"height_m = {box.height_m}",
        ]
    for name, (x0, y0, x1, y1) in shop.zones:
        lines += [
            "",
            "[[zones]]",
            f'name = "{name}"',
            f"polygon_m = [[{x0}, {y0}], [{x1}, {y0}], [{x1}, {y1}], [{x0}, {y1}]]",
        ]
    return "\n".join(lines) + "\n"
