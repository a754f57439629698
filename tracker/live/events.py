"""What comes from a live camera: pictures, and all that keeps them from coming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The newest picture of a camera.

    Attributes:
        t_s: Seconds since the stream was opened here, by the camera's own timestamps; see
            `clock.CameraClock`. Each later than the one before, across reconnects too.
        wall: When it was taken, timezone-aware, UTC, by this machine's clock.
        image_bgr: (height, width, 3) uint8, read-only.
        late_s: Its age (s) when it was handed over, decoding and waiting included; what the way from the
            camera takes at its quickest cannot be known and is not in it.
        dropped: Pictures left out since the one before because whoever takes them was slow.

    """

    t_s: float
    wall: datetime
    image_bgr: NDArray[np.uint8]
    late_s: float
    dropped: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was seen from `from_s` to `to_s` (s, axis of `Picture.t_s`); comes before the next picture."""

    from_s: float
    to_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """No pictures at present.

    Attributes:
        message: What was expected, what came and what to do; without credentials.
        fatal: Whether trying again is of no use; nothing comes after it.
        retry_in_s: Seconds until the next attempt; None if fatal.

    """

    message: str
    fatal: bool
    retry_in_s: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell and to log at `t_s` (s, on the axis of `Picture.t_s`); pictures go on."""

    t_s: float
    message: str


Event = Picture | Gap | Trouble | Notice
