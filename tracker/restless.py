"""Pixels that never come to rest: a screen that plays a video, a fan, leaves before a window."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.background import at_working_size, working_size
from tracker.frames import Recording

_LOOK_S, _LOOK_FPS = 30.0, 4.0
_CHANGED = 14
_LEAST_PICTURES = 12


def restlessness(recording: Recording) -> NDArray[np.float32]:
    """(h, w) share of the quarters of a second in which each pixel changes, over the first half minute.

    At the working size. Somebody who stands there changes few pixels that often, and not for half a minute.
    Zero everywhere if the recording is too short to tell.
    """
    size = working_size(recording.size_px)
    before: NDArray[np.uint8] | None = None
    changes = np.zeros(size[::-1], np.float32)
    pairs = 0
    for frame in recording.read(_LOOK_FPS):
        if frame.t_s > _LOOK_S or frame.image_bgr is None:
            break
        grey = cv2.cvtColor(cv2.blur(at_working_size(frame.image_bgr, size), (3, 3)), cv2.COLOR_BGR2GRAY)
        if before is not None:
            changes += cv2.absdiff(grey, before) > _CHANGED
            pairs += 1
        before = grey
    if pairs + 1 < _LEAST_PICTURES:
        return np.zeros_like(changes)
    return np.asarray(changes / pairs, dtype=np.float32)
