"""Make docs/pictures/demo.webp: the demo's film, and the dwell on its floor plan building up beside it.

Run it from the repository's root: python tools/readme_clip.py. What it shows is the truth of the demo shop,
made-up people at sixfold speed, so that the clip needs no detector and no footage of anybody.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from analytics.palette import SOLID, colour_map
from dwellmap.demo.floorplan import draw_plan
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.presence import Presence
from dwellmap.demo.production import camera_of, cast_of, film_of
from dwellmap.demo.shop import CORNER_SHOP

TARGET = Path("docs/pictures/demo.webp")
SHOWN_S = 10.0
PICTURES_PER_S = 10
SPEED = 6
# The clip begins when the shop has filled, the map with what happened since then.
BEGIN_S = 80.0
HEIGHT_PX = 300
CELL_M = 0.1
SPREAD_M = 0.17
# The colour scale ends here: a person who stands still for so long at one point.
TOP_S = 20.0


def make_clip(target: Path) -> None:
    """Film, draw and write the clip."""
    options = DemoOptions(size_px=(534, HEIGHT_PX))
    camera, cast = camera_of(options), cast_of(CORNER_SHOP, options)
    film = film_of(CORNER_SHOP, camera, cast, options)
    plan_file = target.with_suffix(".plan.png")
    draw_plan(CORNER_SHOP, plan_file)
    plan_px = (round(HEIGHT_PX * CORNER_SHOP.width_m / CORNER_SHOP.depth_m), HEIGHT_PX)
    plan = cv2.resize(cv2.imread(str(plan_file)), plan_px, interpolation=cv2.INTER_AREA)
    plan_file.unlink()
    shape = round(CORNER_SHOP.depth_m / CELL_M), round(CORNER_SHOP.width_m / CELL_M)
    dwell_s, step_s = np.zeros(shape), SPEED / PICTURES_PER_S
    pictures = []
    for number in range(round(SHOWN_S * PICTURES_PER_S)):
        t_s = BEGIN_S + number * step_s
        for presence in cast:
            add_dwell(dwell_s, presence, t_s, t_s + step_s)
        image, _ = film.picture(t_s)
        map_bgr = over_plan(plan, dwell_s)
        mark_people(map_bgr, cast, t_s)
        line = np.full((HEIGHT_PX, 6, 3), 255, np.uint8)
        pictures.append(Image.fromarray(cv2.cvtColor(np.hstack([image, line, map_bgr]), cv2.COLOR_BGR2RGB)))
    pictures[0].save(
        target, save_all=True, append_images=pictures[1:], duration=1000 // PICTURES_PER_S, loop=0,
        quality=62, method=6,
    )  # fmt: skip
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, {pictures[0].size[0]} x {pictures[0].size[1]} px")


def add_dwell(dwell_s: NDArray[np.float64], presence: Presence, begin_s: float, end_s: float) -> None:
    """Add the time of one person between two moments to the cells (rows, columns) where they were."""
    ticks = (presence.t_s >= begin_s) & (presence.t_s < end_s)
    cells = np.floor(presence.xy_m[ticks] / CELL_M).astype(int)[:, ::-1]
    inside = ((cells >= 0) & (cells < dwell_s.shape)).all(axis=1)
    seconds = (end_s - begin_s) / max(np.count_nonzero(ticks), 1)
    np.add.at(dwell_s, tuple(cells[inside].T), min(seconds, 0.04))


def over_plan(plan: NDArray[np.uint8], dwell_s: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The plan with the dwell so far in the colours of the maps."""
    smooth = gaussian_filter(dwell_s, SPREAD_M / CELL_M)
    # The highest value that somebody who stands still for TOP_S leaves after smoothing.
    top = TOP_S * CELL_M**2 / (2 * np.pi * SPREAD_M**2)
    share = cv2.resize(np.clip(smooth / top, 0, 1), plan.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    rgba = colour_map()(share)
    alpha = (SOLID * np.clip(share / 0.06, 0, 1))[..., None]
    return np.asarray(plan * (1 - alpha) + 255 * rgba[..., 2::-1] * alpha).astype(np.uint8)


def mark_people(map_bgr: NDArray[np.uint8], cast: tuple[Presence, ...], t_s: float) -> None:
    """Draw a dot where each person is."""
    scale = HEIGHT_PX / CORNER_SHOP.depth_m
    for presence in cast:
        if presence.t_s[0] <= t_s <= presence.t_s[-1]:
            x, y = (float(np.interp(t_s, presence.t_s, presence.xy_m[:, k])) * scale for k in (0, 1))
            cv2.circle(map_bgr, (round(x), round(y)), 5, (255, 255, 255), -1, cv2.LINE_AA)
            cv2.circle(map_bgr, (round(x), round(y)), 4, (70, 60, 40), -1, cv2.LINE_AA)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=TARGET, help=f"file to write (default: {TARGET})")
    make_clip(parser.parse_args().out)
