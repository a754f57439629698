"""The static pictures of activity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.activity import activity_map
from analytics.colours import colours_by_name
from dwellmap.activity.rearranged import Rearranged, outlined
from dwellmap.activity.region_picture import with_regions
from dwellmap.activity.work import Work
from dwellmap.film import clock_text, until_text
from dwellmap.heat_picture import HeatPicture, save, softened_values
from dwellmap.heat_sheet import HeatSheet


def draw_stills(draft: Path, work: Work, table: pd.DataFrame, places: tuple[Rearranged, ...]) -> HeatPicture:
    """The static pictures; returns the sheet that the films share."""
    options, scene = work.options, np.asarray(work.counted.scene_bgr[..., ::-1])
    colours, time = colours_by_name(options.colours), until_text(work.end_s)
    where = work.where
    # The scale is that of what is drawn, and drawn is what was softened.
    motion = activity_map(
        "motion", softened_values(work.moving_s, work.counts), "seconds of motion", work.grid
    )
    heat = HeatPicture.of(
        motion, work.counts, work.recording.size_px,
        ("Motion activity", ("For how long each pixel showed something that moved; shadows are left out.",
         where), work.warnings), colours, options.opacity,
    )  # fmt: skip
    save(draft / "motion.png", heat.alone(work.moving_s, time))
    save(draft / "motion-over-scene.png", heat.over(scene, work.moving_s, time))
    gridded = HeatPicture.of(
        motion, work.counts, work.recording.size_px,
        ("Activity by region", (f"Share of all motion, and rank, in {options.grid[0]} x {options.grid[1]} "
                                "regions; red frames the hottest, blue the coldest.", where), work.warnings),
        colours, options.opacity,
    )  # fmt: skip
    page = gridded.over(scene, work.moving_s, time)
    save(
        draft / "regions.png",
        gridded.sheet.drawn_on(page, lambda p: with_regions(p, table, work.recording.size_px)),
    )
    against = "the picture given" if options.reference is not None else "the scene as it was at the beginning"
    differing = HeatPicture.of(
        activity_map("difference", softened_values(work.difference, work.counts), "grey levels", work.grid),
        work.counts, work.recording.size_px,
        ("Difference from the empty scene",
         (f"How far each place differs from {against}, in grey, blurred, mean over time.", where),
         work.warnings), colours, options.opacity,
    )  # fmt: skip
    save(draft / "difference.png", differing.over(scene, work.difference, time))
    if places:
        save(draft / "rearranged.png", _rearranged_page(work, scene, places, where))
    return heat


def _rearranged_page(
    work: Work, scene: NDArray[np.uint8], places: tuple[Rearranged, ...], where: str
) -> NDArray[np.uint8]:
    when: dict[str, list[str]] = {}
    for number, place in enumerate(places, start=1):
        since = "since before the recording" if place.from_s is None else f"from {clock_text(place.from_s)}"
        until = "" if place.until_s is None else f" until {clock_text(place.until_s)}"
        when.setdefault(since + until, []).append(str(number))
    told = [f"{', '.join(numbers)}: {text}" for text, numbers in when.items()]
    lines = (
        "Places that look different for good: something was moved, brought or taken away.",
        where,
        "; ".join(told),
    )
    sheet = HeatSheet(
        work.recording.size_px, "What was rearranged", lines, work.warnings, None, colours_by_name("magma")
    )
    return sheet.filled(outlined(scene, places), "")
