"""Whether the camera of a recording still looks where it looked when it was calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.moved import Shift, corrected, shift_between
from calibration.pictures import read_picture
from dwellmap.calibration_saving import id_on_disk, save_keeping_previous
from dwellmap.site import CALIBRATION_END
from tracker.frames import Recording
from tracker.scenepicture import Moment

# So many pictures in a row must say the same, to so many pixels: one may be blocked by somebody close by.
_IN_A_ROW, _SAME_PX = 3, 2.0


class MovedError(ValueError):
    """The camera moved: its calibration does not hold for this recording."""


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """A movement of the camera.

    Attributes:
        shift: By how much.
        from_s: When it was first seen, seconds of the recording.
        after_s: When the camera was last seen where it should be; None if it never was.

    """

    shift: Shift
    from_s: float
    after_s: float | None


def still_picture(path: Path, size_px: tuple[int, int], what: str = "still") -> NDArray[np.uint8]:
    """The still as (height, width, 3) BGR at the size of the recording's pictures; `what` it is for messages.

    Raises:
        ValueError: If it is no picture, or has another shape.

    """
    rgb = read_picture(path, what)
    (w, h), (width, height) = (rgb.shape[1], rgb.shape[0]), size_px
    if abs((w / h) / (width / height) - 1) > 0.01:
        raise ValueError(
            f"{what} {path}: expected the shape of the camera's pictures, {width}x{height}, got {w}x{h}"
        )
    resized = cv2.resize(rgb, size_px, interpolation=cv2.INTER_AREA if w > width else cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_RGB2BGR), dtype=np.uint8)


def first_moments(recording: Recording) -> list[Moment]:
    """A few pictures at the beginning of a recording, a second apart."""
    moments = []
    for frame in recording.read(1.0):
        if frame.image_bgr is not None:
            everywhere = np.ones(frame.image_bgr.shape[:2], dtype=np.bool_)
            moments.append(Moment(frame.t_s, frame.image_bgr, everywhere))
        # Boxes without pictures have none, however far one reads.
        if frame.image_bgr is None or len(moments) == _IN_A_ROW:
            break
    return moments


def shifts(still: NDArray[np.uint8], moments: Sequence[Moment]) -> list[tuple[float, Shift]]:
    """When and by how much each picture is shifted against the still.

    Left out are pictures in which too little of it is found again: dark, blocked, or nothing but floor.

    Args:
        still: The picture that belongs to the calibration.
        moments: Pictures of the recording, in order of time.

    """
    known = ((m.t_s, shift_between(still, m.image_bgr, m.free)) for m in moments)
    return [(t_s, shift) for t_s, shift in known if shift is not None]


def movement(seen: Sequence[tuple[float, Shift]], pictures: int, most_px: float) -> Movement | None:
    """The first movement of more than so many pixels that several pictures in a row agree on.

    Args:
        seen: The shifts that are known.
        pictures: How many pictures were looked at.
        most_px: What is no movement yet.

    """
    needed = max(1, min(_IN_A_ROW, pictures))
    for first in range(len(seen) - needed + 1):
        row = [shift for _, shift in seen[first : first + needed]]
        ways = np.array([(shift.right_px, shift.down_px) for shift in row])
        if all(shift.moved(most_px) for shift in row) and np.ptp(ways, axis=0).max() <= _SAME_PX:
            shift = min(row, key=lambda s: s.sigma_px)
            return Movement(shift, seen[first][0], seen[first - 1][0] if first else None)
    return None


def moved_error(found: Movement, camera: str, start: datetime | None, proposed: Path | None) -> MovedError:
    """What the user is told."""
    if found.after_s is None:
        when = "before the recording began"
    elif start is not None:
        when = f"at {start + timedelta(seconds=found.from_s):%H:%M}"
    else:
        when = f"between {found.after_s:.0f} s and {found.from_s:.0f} s of the recording"
    advice = "recalibrate it"
    if proposed is not None:
        advice += (
            f", or look at the corrected calibration {proposed} (dwellmap calibrate check) and name that in "
            "the site file"
        )
    return MovedError(
        f"camera {camera!r} moved {found.shift.in_words()} {when}, so its calibration does not hold for this "
        f"recording; {advice}"
    )


def propose(
    calibration: Calibration, still: NDArray[np.uint8], found: Movement, folder: Path, name: str
) -> Path | None:
    """Write the calibration of the camera as it hangs now, with its still; None if that would not be safe."""
    better = corrected(calibration, found.shift)
    if better is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.corrected{CALIBRATION_END}"
    h, w = still.shape[:2]
    now = cv2.warpPerspective(still, found.shift.T_new_old, (w, h), borderMode=cv2.BORDER_REPLICATE)
    now_rgb = np.asarray(cv2.cvtColor(now, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    save_keeping_previous(better, file, now_rgb, id_on_disk(file))
    return file
