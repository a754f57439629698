"""A floor in metres for a camera that nobody calibrated, if the people in the recording support it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.from_people import calibration_from_people
from dwellmap.view import CameraView
from tracker.bytetrack import track
from tracker.detections import DetectionLog
from tracker.settings import ByteTrackSettings

# Of all feet so many lie on the floor that is mapped; the others are faults of the detector, far off.
_SHARE = 0.99
_MARGIN_M, _MOST_M = 1.0, 200.0


def with_floor(view: CameraView, log: DetectionLog, settings: ByteTrackSettings) -> CameraView:
    """The view with a floor estimated from people, or as it was with a note that says why there is none.

    Args:
        view: A view without calibration.
        log: The detections.
        settings: How boxes are joined to tracklets.

    """
    tracklets = track(log.outside(view.ignored_px), settings)
    boxes = tracklets.xyxy_px
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    head, foot = np.column_stack([middle, boxes[:, 1]]), np.column_stack([middle, boxes[:, 3]])
    try:
        found = calibration_from_people(head, foot, tracklets.tracklet, tracklets.t_s, view.size_px)
        extent = _extent(found, foot)
    except ValueError as error:
        why = str(error).removeprefix("people: ")
        return replace(view, notes=(*view.notes, f"no floor could be estimated from the people: {why}"))
    told = () if found.people is None else (found.people.in_words(),)
    return replace(view, calibration=found, extent=extent, notes=(*view.notes, *told))


def _extent(calibration: Calibration, foot_px: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """The plan from its origin to beyond nearly everybody."""
    far = np.ceil(np.nanquantile(calibration.floor_from_image(foot_px), _SHARE, axis=0) + _MARGIN_M)
    if not (np.all(np.isfinite(far)) and far.min() > 0 and far.max() <= _MOST_M):
        raise ValueError(f"people: they would be spread over {far.max():.0f} m")
    return 0.0, 0.0, float(far[0]), float(far[1])
