"""What a picture shows of a person: a row of the truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dwellmap.demo.cutout import Cutout


@dataclass(frozen=True, slots=True)
class Sighting:
    """What of one person one picture shows: a row of the truth.

    Attributes:
        person: Number of the person.
        t_s: Time of the picture.
        x_m, y_m: Where they are.
        visible: Share of the figure that is inside the picture and hidden by nothing, 0 to 1.
        feet: Whether at least half of the shoes is visible.
        x1_px, y1_px, x2_px, y2_px: Box round the whole figure, hidden parts too, cut at the picture's edge;
            NaN where no part is inside the picture.

    """

    person: int
    t_s: float
    x_m: float
    y_m: float
    visible: float
    feet: bool
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float


def sighting_of(
    person: int,
    t_s: float,
    xy_m: NDArray[np.float64],
    drawn: tuple[Cutout, int] | None,
    owner: NDArray[np.uint8],
    number: int,
) -> Sighting:
    """Compare a figure with what of it is left in the finished picture.

    Args:
        person: Number of the person.
        t_s: Time of the picture.
        xy_m: (2,) where they are.
        drawn: The figure and how many pixels it has; None if it is not in the picture.
        owner: (height, width) whose each pixel is.
        number: What the person's pixels hold in `owner`.

    """
    nowhere = Sighting(person, t_s, float(xy_m[0]), float(xy_m[1]), 0.0, False, *[float("nan")] * 4)
    overlap = None if drawn is None else drawn[0].overlap(owner.shape)
    if drawn is None or overlap is None:
        return nowhere
    cutout, pixels = drawn
    there, own = overlap
    mine = owner[there] == number
    shoes = int(np.count_nonzero(cutout.shoes))
    seen_shoes = int(np.count_nonzero(mine & (cutout.shoes[own] > 0)))
    x, y, w, h = cv2.boundingRect((cutout.alpha[own] > 127).astype(np.uint8))
    if w == 0:
        return nowhere
    left, top = float(x + there[1].start), float(y + there[0].start)
    return Sighting(
        person,
        t_s,
        float(xy_m[0]),
        float(xy_m[1]),
        float(np.count_nonzero(mine)) / max(pixels, 1),
        shoes > 0 and seen_shoes >= 0.5 * shoes,
        left,
        top,
        left + w,
        top + h,
    )


def truth_frame(sightings: list[Sighting]) -> pd.DataFrame:
    """The truth as a table, a row per sighting; the columns and their types are there without any too."""
    types = {"person": np.int64, "feet": np.bool_}
    rows = pd.DataFrame([asdict(s) for s in sightings], columns=[f.name for f in fields(Sighting)])
    return rows.astype({name: types.get(name, np.float64) for name in rows.columns})
