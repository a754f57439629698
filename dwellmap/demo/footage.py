"""What `dwellmap demo` hands to the main job: film, plan, calibration, site file; and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from calibration.fit import fit_calibration
from calibration.pairs import Pairs
from dwellmap.demo.camera import Camera
from dwellmap.demo.film import Film, Sighting, write_h264
from dwellmap.demo.floorplan import draw_plan
from dwellmap.demo.people import Presence, act, plan_errands
from dwellmap.demo.shop import CORNER_SHOP, Shop
from dwellmap.demo.stage import build_stage

CAMERA_NAME = "corner"
# One standard deviation of where the person who calibrates the demo clicks, pixels of a 960 x 540 picture.
_CLICK_PX = 1.0
_WIDEST_PX = 1920


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What is filmed.

    Attributes:
        length_s: Length of the film.
        people: How many different people come in.
        seed: Of everything that is drawn at random; the same seed gives the same film.
        fps: Pictures a second.
        size_px: (width, height), both even.

    """

    length_s: float = 120.0
    people: int = 10
    seed: int = 1
    fps: float = 15.0
    size_px: tuple[int, int] = (960, 540)

    def __post_init__(self) -> None:
        """Say everything that cannot be filmed."""
        width, height = self.size_px
        faults = []
        if not 5 <= self.length_s <= 24 * 3600:
            faults.append(f"length: expected 5 s to a day, got {self.length_s:g} s")
        if not 1 <= self.people <= 500:
            faults.append(f"people: expected 1 to 500, got {self.people}")
        if not 1 <= self.fps <= 120:
            faults.append(f"pictures a second: expected 1 to 120, got {self.fps:g}")
        if width % 2 or height % 2 or not (160 <= width <= _WIDEST_PX and 90 <= height <= _WIDEST_PX):
            faults.append(f"size: expected even sides from 160x90 to {_WIDEST_PX} px, got {width}x{height}")
        if faults:
            raise ValueError("demo: " + "; ".join(faults))


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """What was written.

    Attributes:
        film: The footage, H.264.
        site: The site file, with plan, furniture, door, zones and the camera's calibration.
        truth: A row per person and picture: person, t_s, x_m, y_m, visible, feet, box.
        cast: Where everybody was at any moment, for the truth of the maps.
        shop: The shop.
        length_s: Length of the film.

    """

    film: Path
    site: Path
    truth: Path
    cast: tuple[Presence, ...]
    shop: Shop
    length_s: float


def make_footage(folder: Path, options: DemoOptions, progress: Callable[[float], None]) -> DemoFiles:
    """Film the shop.

    Args:
        folder: Where the files go; it is made if need be.
        options: What is filmed.
        progress: Told the time of each picture.

    """
    folder.mkdir(parents=True, exist_ok=True)
    shop = CORNER_SHOP
    camera = Camera.looking(options.size_px, (0.35, 7.6, 3.1), (5.0, 3.2, 0.2), 84)
    errands = plan_errands(shop, people=options.people, length_s=options.length_s, seed=options.seed)
    cast = act(shop, errands, length_s=options.length_s, seed=options.seed)
    film = Film(camera, build_stage(shop, camera, seed=options.seed), cast, seed=options.seed)
    times_s = np.arange(round(options.length_s * options.fps)) / options.fps
    seen: list[Sighting] = []
    files = DemoFiles(
        folder / "demo.mp4", folder / "site.toml", folder / "truth.parquet", cast, shop, options.length_s
    )
    write_h264(files.film, _shot(film, times_s, seen, progress), times_s, options.size_px)
    pd.DataFrame([asdict(s) for s in seen], columns=list(Sighting.__dataclass_fields__)).to_parquet(
        files.truth, index=False
    )
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
        [(x, y) for x in np.arange(0.8, shop.width_m, 1.4) for y in np.arange(0.8, shop.depth_m, 1.4)]
    )
    covered = np.zeros(len(grid), dtype=np.bool_)
    for box in shop.furniture:
        low, high = (box.left_m - 0.2, box.top_m - 0.2), (box.right_m + 0.2, box.bottom_m + 0.2)
        covered |= ((grid >= low) & (grid <= high)).all(axis=1)
    px, depth = camera.project(np.column_stack([grid, np.zeros(len(grid))]))
    shown = (depth > 0) & (px >= 5).all(axis=1) & (px <= np.array(camera.size_px) - 6).all(axis=1) & ~covered
    rng = np.random.default_rng([seed, 6])
    chosen = rng.permutation(np.flatnonzero(shown))[:12]
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
