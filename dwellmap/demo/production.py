"""From the options to a film that can be shot: camera, people, scenery and light."""

from __future__ import annotations

import numpy as np

from dwellmap.demo.acting import act
from dwellmap.demo.camera import Camera
from dwellmap.demo.errands import plan_errands
from dwellmap.demo.film import Film
from dwellmap.demo.lights import Lights
from dwellmap.demo.options import DemoOptions
from dwellmap.demo.presence import Presence
from dwellmap.demo.props import MANNEQUIN_ROOM, STAND_AFTER, STAND_BEFORE, Screen, with_mannequin
from dwellmap.demo.scenery import Act, Scenery
from dwellmap.demo.shop import Box, Shop
from dwellmap.demo.stage import build_stage

MOVED_AT = 0.4
"""When the display stand is moved, as a share of the length."""
_CORNER_M = (0.35, 7.6)
_AIM_M, _AIM_UP_M = (5.0, 3.2), 0.2
_VIEW_DEG = 84.0


def camera_of(options: DemoOptions) -> Camera:
    """The camera in the corner opposite the door, at its height and tilt."""
    height_m, tilt_deg = options.camera_height_m, options.camera_tilt_deg
    away_m = float(np.hypot(_AIM_M[0] - _CORNER_M[0], _AIM_M[1] - _CORNER_M[1]))
    aim_up_m = _AIM_UP_M if tilt_deg is None else height_m - away_m * float(np.tan(np.radians(tilt_deg)))
    return Camera.looking(options.size_px, (*_CORNER_M, height_m), (*_AIM_M, aim_up_m), _VIEW_DEG)


def cast_of(shop: Shop, options: DemoOptions) -> tuple[Presence, ...]:
    """Everybody's ways."""
    errands = plan_errands(
        shop,
        people=options.people,
        length_s=options.length_s,
        seed=options.seed,
        crowding=options.crowding,
    )
    return act(
        shop,
        errands,
        length_s=options.length_s,
        seed=options.seed,
        crowding=options.crowding,
        obstacles=_obstacles(options),
    )


def film_of(shop: Shop, camera: Camera, cast: tuple[Presence, ...], options: DemoOptions) -> Film:
    """Everything in its place, ready to be shot."""
    door_m = (shop.width_m, sum(shop.door_m) / 2)
    lights = Lights(options.lights, options.length_s, door_m)
    stands = (
        [(0.0, STAND_BEFORE), (MOVED_AT * options.length_s, STAND_AFTER)] if options.moved else [(0.0, None)]
    )
    acts = []
    for from_s, stand in stands:
        extra = () if stand is None else (stand,)
        stage = build_stage(shop, camera, seed=options.seed, extra=extra)
        if options.mannequin:
            stage = with_mannequin(stage, camera)
        acts.append(Act(from_s, stage, Screen(stage, seed=options.seed) if options.screen else None))
    return Film(camera, Scenery(tuple(acts), lights), cast, lights, seed=options.seed)


def _obstacles(options: DemoOptions) -> tuple[Box, ...]:
    """What people walk round; where the display stand comes later or was before nobody walks either."""
    stands = (STAND_BEFORE, STAND_AFTER) if options.moved else ()
    return (*stands, *((MANNEQUIN_ROOM,) if options.mannequin else ()))
