"""The light in the demo shop: four lamps, daylight from the door, exposure and a night view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LightKind = Literal["steady", "changing", "infrared"]

_LAMPS_M = ((2.5, 2.0), (7.0, 2.0), (2.5, 6.0), (7.0, 6.0))
# Which lamps are switched off, and from when to when, as shares of the length.
_SWITCHED, _OFF = (1, 2), (0.3, 0.5)
# The daylight comes and goes once; at its height it is this share of the lamps' light beside the door.
_DAYLIGHT, _DAYLIGHT_REACH_M = 0.75, 2.6
_DAYLIGHT_BGR = np.array([1.15, 1.0, 0.85])
# Automatic exposure turns the picture darker for a while, within fractions of a second.
_DARKER, _DARKER_FROM_TO, _TURN_S = 0.78, (0.68, 0.84), 0.4
_INFRARED = (0.4, 0.7)
# The gains are looked at this often: a slow drift needs no new light for each picture.
_EVERY_S = 0.2


def brightness(xy_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Brightness of the room with all lamps on at points (..., 2), 1 on average."""
    light = np.full(xy_m.shape[:-1], 0.82)
    for lamp in range(len(_LAMPS_M)):
        light += 0.3 * _near_lamp(xy_m, lamp, 1.6)
    result: NDArray[np.float64] = light
    return result


@dataclass(frozen=True, slots=True)
class Lights:
    """How the light goes during the film.

    Attributes:
        kind: "steady"; "changing": daylight drifts, two of four lamps go off and on, and the exposure steps;
            "infrared": the camera changes to its grey night view and back.
        length_s: Length of the film.
        door_m: (2,) where the daylight comes from.

    """

    kind: LightKind
    length_s: float
    door_m: tuple[float, float]

    def state(self, t_s: float) -> tuple[float, bool]:
        """How strong the daylight is (0 to 1) and whether all lamps are on: two states alike, light alike."""
        if self.kind != "changing":
            return 0.0, True
        share = np.floor(t_s / _EVERY_S) * _EVERY_S / self.length_s
        return float(0.5 - 0.5 * np.cos(2 * np.pi * share)), not _OFF[0] <= t_s / self.length_s < _OFF[1]

    def gain(self, xy_m: NDArray[np.float64], state: tuple[float, bool]) -> NDArray[np.float64]:
        """Brightness in a state at points (..., 2) over that with all lamps on and no daylight, (..., 3)."""
        daylight, lamps_on = state
        usual = brightness(xy_m)
        lamps = np.ones(xy_m.shape[:-1])
        if not lamps_on:
            for lamp in _SWITCHED:
                lost = 0.3 * _near_lamp(xy_m, lamp, 1.6) + 0.26 * _near_lamp(xy_m, lamp, 3.0)
                lamps -= lost / usual
        away_m = np.hypot(xy_m[..., 0] - self.door_m[0], xy_m[..., 1] - self.door_m[1])
        day = _DAYLIGHT * daylight * np.exp(-away_m / _DAYLIGHT_REACH_M)
        result: NDArray[np.float64] = lamps[..., None] + day[..., None] * _DAYLIGHT_BGR
        return result

    def exposure(self, t_s: float) -> float:
        """What the camera multiplies the whole picture with."""
        if self.kind != "changing":
            return 1.0
        begin, end = (share * self.length_s for share in _DARKER_FROM_TO)
        down = np.clip((t_s - begin) / _TURN_S, 0, 1) - np.clip((t_s - end) / _TURN_S, 0, 1)
        return float(1 - (1 - _DARKER) * down)

    def infrared(self, t_s: float) -> bool:
        """Whether the camera shows its night view."""
        begin, end = _INFRARED
        return self.kind == "infrared" and begin <= t_s / self.length_s < end


def _near_lamp(xy_m: NDArray[np.float64], lamp: int, reach_m: float) -> NDArray[np.float64]:
    x, y = _LAMPS_M[lamp]
    away = (xy_m[..., 0] - x) ** 2 + (xy_m[..., 1] - y) ** 2
    return np.asarray(np.exp(-away / (2 * reach_m**2)), dtype=np.float64)
