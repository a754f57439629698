"""The film: people drawn into the empty shop, depth-ordered, with their shadows."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera
from dwellmap.demo.cutout import Cutout, paste, upright_depth_m
from dwellmap.demo.figure import draw, limbs
from dwellmap.demo.lights import Lights, brightness
from dwellmap.demo.presence import Presence
from dwellmap.demo.scenery import Scenery
from dwellmap.demo.sensor import Sensor
from dwellmap.demo.shadows import cast_shadows
from dwellmap.demo.sighting import Sighting, sighting_of


class Film:
    """Pictures of the shop with its people, one for each time asked for."""

    def __init__(
        self, camera: Camera, scenery: Scenery, cast: tuple[Presence, ...], lights: Lights, *, seed: int
    ) -> None:
        """Prepare to film; nothing is drawn yet."""
        self._camera, self._scenery, self._cast, self._lights = camera, scenery, cast, lights
        self._seed = seed
        self._sensor = Sensor(camera.size_px, seed=seed)

    def shoot(self, times_s: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.uint8], list[Sighting]]]:
        """Yield each picture (height, width, 3) with what it shows of whom."""
        rng = np.random.default_rng([self._seed, 5])
        for t_s in map(float, times_s):
            image, seen = self.picture(t_s)
            yield self._sensor.noisy(image, rng, grey=self._lights.infrared(t_s)), seen

    def picture(self, t_s: float) -> tuple[NDArray[np.uint8], list[Sighting]]:
        """Draw one picture without sensor noise."""
        camera = self._camera
        stage, image = self._scenery.at(t_s)
        present = [p for p in self._cast if p.t_s[0] <= t_s <= p.t_s[-1]]
        poses = [_pose(p, t_s) for p in present]
        standing = [(pose[0], p.looks.height_m) for p, pose in zip(present, poses, strict=True)]
        cast_shadows(image, camera, stage.floor, standing)
        owner = np.zeros(image.shape[:2], np.uint8)
        distance = [float(np.hypot(*(pose[0] - camera.position_m[:2]))) for pose in poses]
        state = self._lights.state(t_s)
        drawn: dict[int, tuple[Cutout, int]] = {}
        for k in np.argsort(-np.array(distance), kind="stable"):
            person, (xy, heading, stride, swing, reach) = present[k], poses[k]
            body = limbs(person.looks, xy, heading, stride, swing, reach)
            light = brightness(xy) * self._lights.gain(xy, state)
            cutout = draw(camera, body, light)
            if cutout is not None and (overlap := cutout.overlap(image.shape)) is not None:
                drawn[int(k)] = (cutout, int(np.count_nonzero(cutout.alpha > 127)))
                part, own = overlap
                hidden = stage.solid_m[part] < upright_depth_m(camera, xy, part)
                shown = paste(image, cutout, part, own, hidden)
                owner[part][shown] = int(k) + 1
        seen = [
            sighting_of(person.person, t_s, pose[0], drawn.get(k), owner, k + 1)
            for k, (person, pose) in enumerate(zip(present, poses, strict=True))
        ]
        return self._exposed(image, t_s), seen

    def _exposed(self, image: NDArray[np.uint8], t_s: float) -> NDArray[np.uint8]:
        if self._lights.infrared(t_s):
            return self._sensor.night(image)
        exposure = self._lights.exposure(t_s)
        if exposure == 1.0:
            return image
        return np.asarray(cv2.convertScaleAbs(image, alpha=exposure), dtype=np.uint8)


def _pose(person: Presence, t_s: float) -> tuple[NDArray[np.float64], float, float, float, float]:
    def at(values: NDArray[np.float64]) -> float:
        return float(np.interp(t_s, person.t_s, values))

    xy = np.array([at(person.xy_m[:, 0]), at(person.xy_m[:, 1])])
    return xy, at(person.heading_rad), at(person.stride), at(person.swing), at(person.reach)
