"""The films of activity: heat building up, and what moved a moment ago, over the scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.activity import activity_map
from analytics.palette import Scale
from dwellmap.activity.work import Work
from dwellmap.film import FPS, PEOPLE, clock_text, film, frames_below, same_below, until_text
from dwellmap.heat_picture import HeatPicture
from dwellmap.increments import Increments
from dwellmap.progress import Reporter

# Heat of a moment ago has faded to a third after so many seconds of film.
_FADE_S = 1.0


def building_up(
    steps: Increments, heat: HeatPicture, below: Iterator[NDArray[np.uint8]], step_s: float, end_s: float
) -> Iterator[NDArray[np.uint8]]:
    """Pictures of the heat so far; the last is the static map.

    Args:
        steps: Seconds of motion of each step.
        heat: Scale and sheet, that of the static map.
        below: (H, W, 3) RGB picture to lie below, for each step.
        step_s: Length of a step.
        end_s: End of the recording.

    """
    total: NDArray[np.float64] | float = 0.0
    for number, (increment, picture) in enumerate(zip(steps, below, strict=False), start=1):
        # Added as the sums were, in the same order, so that the last picture equals the static map.
        total = total + increment
        yield heat.over(picture, total, until_text(min(number * step_s, end_s)))


def recent(
    steps: Increments, heat: HeatPicture, below: Iterator[NDArray[np.uint8]], step_s: float, end_s: float
) -> Iterator[NDArray[np.uint8]]:
    """Pictures of what moved in the last moments, fading; values are shares of each moment's time."""
    glow: NDArray[np.float64] | float = 0.0
    keep = float(np.exp(-1 / (FPS * _FADE_S)))
    for number, (increment, picture) in enumerate(zip(steps, below, strict=False), start=1):
        glow = np.maximum(np.asarray(glow) * keep, np.minimum(increment / step_s, 1.0))
        yield heat.over(picture, np.asarray(glow), f"at {clock_text(min(number * step_s, end_s))}")


def make_films(draft: Path, work: Work, heat: HeatPicture, reporter: Reporter) -> None:
    """Heat building up, and what moved a moment ago."""
    steps, step_s, people = work.steps, work.clock.speed / FPS, work.options.show_people
    scene = np.asarray(work.counted.scene_bgr[..., ::-1])
    ending = PEOPLE if people else ""

    def below() -> Any:
        return frames_below(work.recording, step_s, len(steps)) if people else same_below(scene, len(steps))

    film(
        draft / f"building{ending}.mp4",
        building_up(steps, heat, below(), step_s, work.end_s),
        len(steps),
        reporter,
    )
    now = HeatPicture.of(
        activity_map("recent", work.moving_s, "share of the moment", work.grid), work.counts,
        work.recording.size_px,
        ("Motion of the last moments", ("What moved a moment ago; it fades within seconds of film.",
         work.where), work.warnings), heat.colours, heat.opacity,
        Scale("share of the moment", 1.0, 1.0, 1.0, False),
    )  # fmt: skip
    film(draft / f"recent{ending}.mp4", recent(steps, now, below(), step_s, work.end_s), len(steps), reporter)
