"""What linking knows of a recording besides its tracklets."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from tracker.habits import Habits
from tracker.linking.whereabouts import Whereabouts, in_picture, on_floor
from tracker.settings import LinkingSettings


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The recording and the place.

    Attributes:
        picture_t_s: (F,) times of the sampled pictures.
        footage_s: (m, 2) stretches in which footage was decoded.
        shown_px: (x0, y0, x1, y1) of the picture that shows the scene, black bars left out.
        calibration: None keeps linking in the picture.
        doors_m: Lines (n, 2) on the floor at which people come and go.
        habits: What has to be known of the detector.

    """

    picture_t_s: NDArray[np.float64]
    footage_s: NDArray[np.float64]
    shown_px: tuple[float, float, float, float]
    calibration: Calibration | None = None
    doors_m: tuple[NDArray[np.float64], ...] = ()
    habits: Habits = field(default_factory=Habits)

    @property
    def on_floor(self) -> bool:
        """Whether walking is judged on the floor: that takes the camera's pose."""
        return self.calibration is not None and self.calibration.pose is not None

    @property
    def doors(self) -> tuple[NDArray[np.float64], ...]:
        """The doors, where linking knows where on the floor people are."""
        return self.doors_m if self.on_floor else ()

    @property
    def step_s(self) -> float:
        """Usual time from picture to picture."""
        return float(np.median(np.diff(self.picture_t_s))) if len(self.picture_t_s) > 1 else 0.0

    def whereabouts(self, xyxy_px: NDArray[np.float64], settings: LinkingSettings) -> Whereabouts:
        """Where boxes (N, 4) are: on the floor if that is known, else in the picture."""
        if self.calibration is not None:
            found = on_floor(xyxy_px, self.calibration, settings.box_error)
            if found is not None:
                return found
        return in_picture(xyxy_px, settings.box_error)
