"""The film: people drawn into the empty shop, depth-ordered, with shadows and sensor noise, as H.264."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dwellmap.demo.camera import Camera
from dwellmap.demo.figure import Cutout, draw, limbs, shade_floor
from dwellmap.demo.people import Presence
from dwellmap.demo.stage import Stage, lamps

_NOISE_SIGMA = 3.0
_NOISE_FIELDS = 8
_SHADE_SCALE = 0.5


@dataclass(frozen=True, slots=True)
class Sighting:
    """What of one person one picture shows: a row of the truth.

    Attributes:
        person: Number of the person.
        t_s: Time of the picture.
        x_m, y_m: Where they are.
        visible: Share of the figure that is inside the picture and hidden by nothing, 0 to 1.
        feet: Whether at least half of the shoes is visible.
        x1_px, y1_px, x2_px, y2_px: Box round the whole figure, hidden parts too, cut at the picture's edge;
            NaN where no part is inside the picture.

    """

    person: int
    t_s: float
    x_m: float
    y_m: float
    visible: float
    feet: bool
    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float


class Film:
    """Pictures of the shop with its people, one for each time asked for."""

    def __init__(self, camera: Camera, stage: Stage, cast: tuple[Presence, ...], *, seed: int) -> None:
        """Prepare to film; nothing is drawn yet."""
        self._camera, self._stage, self._cast = camera, stage, cast
        self._seed = seed
        rng = np.random.default_rng([seed, 4])
        width, height = camera.size_px
        self._noise = [
            rng.normal(0, _NOISE_SIGMA, (height + 32, width + 32, 3)).astype(np.int16)
            for _ in range(_NOISE_FIELDS)
        ]
        self._floor = (~stage.floor).astype(np.uint8) * 255

    def shoot(self, times_s: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.uint8], list[Sighting]]]:
        """Yield each picture (height, width, 3) with what it shows of whom."""
        rng = np.random.default_rng([self._seed, 5])
        for t in times_s:
            image, seen = self.picture(float(t))
            field = self._noise[rng.integers(_NOISE_FIELDS)]
            top, left = rng.integers(0, 32, 2)
            height, width = image.shape[:2]
            grain = field[top : top + height, left : left + width]
            yield np.asarray(cv2.add(image, grain, dtype=cv2.CV_8U), dtype=np.uint8), seen

    def picture(self, t_s: float) -> tuple[NDArray[np.uint8], list[Sighting]]:
        """Draw one picture without sensor noise."""
        camera, stage = self._camera, self._stage
        image = stage.image_bgr.copy()
        present = [p for p in self._cast if p.t_s[0] <= t_s <= p.t_s[-1]]
        poses = [_pose(p, t_s) for p in present]
        self._cast_shadows(image, present, poses)
        owner = np.zeros(image.shape[:2], np.uint8)
        distance = [float(np.hypot(*(pose[0] - camera.position_m[:2]))) for pose in poses]
        drawn: dict[int, tuple[Cutout, int]] = {}
        for k in np.argsort(-np.array(distance), kind="stable"):
            person, (xy, heading, stride, swing, reach) = present[k], poses[k]
            body = limbs(person.looks, xy, heading, stride, swing, reach)
            cutout = draw(camera, body, float(lamps(xy)))
            if cutout is not None:
                drawn[int(k)] = (cutout, int(np.count_nonzero(cutout.alpha > 127)))
                self._paste(image, owner, cutout, xy, int(k) + 1)
        seen = [
            self._sighting(person, t_s, pose[0], drawn.get(k), owner, k + 1)
            for k, (person, pose) in enumerate(zip(present, poses, strict=True))
        ]
        return image, seen

    def _cast_shadows(
        self,
        image: NDArray[np.uint8],
        present: list[Presence],
        poses: list[tuple[NDArray[np.float64], float, float, float, float]],
    ) -> None:
        if not present:
            return
        height, width = image.shape[:2]
        shade = np.full((int(height * _SHADE_SCALE), int(width * _SHADE_SCALE)), 255, np.uint8)
        for person, pose in zip(present, poses, strict=True):
            shade_floor(self._camera, shade, _SHADE_SCALE, pose[0], person.looks.height_m)
        shade = cv2.GaussianBlur(shade, (0, 0), width / 320).astype(np.uint8)
        full = cv2.max(cv2.resize(shade, (width, height)), self._floor)
        cv2.multiply(image, cv2.merge([full, full, full]), dst=image, scale=1 / 255)

    def _paste(
        self,
        image: NDArray[np.uint8],
        owner: NDArray[np.uint8],
        cutout: Cutout,
        xy: NDArray[np.float64],
        number: int,
    ) -> None:
        """Lay a figure over the picture where no furniture is nearer than it."""
        inside = _overlap(cutout, image.shape[:2])
        if inside is None:
            return
        there, own = inside
        camera = self._camera
        # The figure counts as a sheet that stands upright at the feet and faces the camera.
        towards = np.append(xy - camera.position_m[:2], 0.0)
        right, down, forward = camera.axes @ towards / camera.focal_px
        u = np.arange(there[1].start, there[1].stop) - camera.centre_px[0]
        v = np.arange(there[0].start, there[0].stop) - camera.centre_px[1]
        slope = u[None, :] * right + v[:, None] * down + forward * camera.focal_px
        hidden = self._stage.solid_m[there] * slope < towards @ towards
        alpha = np.where(hidden, 0, cutout.alpha[own]).astype(np.uint16)[..., None]
        under = image[there]
        under[:] = ((cutout.bgr[own] * alpha + under * (255 - alpha) + 127) // 255).astype(np.uint8)
        owner[there][alpha[..., 0] > 127] = number

    def _sighting(
        self,
        person: Presence,
        t_s: float,
        xy: NDArray[np.float64],
        drawn: tuple[Cutout, int] | None,
        owner: NDArray[np.uint8],
        number: int,
    ) -> Sighting:
        nowhere = Sighting(person.person, t_s, float(xy[0]), float(xy[1]), 0.0, False, *[float("nan")] * 4)
        inside = None if drawn is None else _overlap(drawn[0], owner.shape)
        if drawn is None or inside is None:
            return nowhere
        cutout, pixels = drawn
        there, own = inside
        mine = owner[there] == number
        shoes = int(np.count_nonzero(cutout.shoes))
        seen_shoes = int(np.count_nonzero(mine & (cutout.shoes[own] > 0)))
        x, y, w, h = cv2.boundingRect((cutout.alpha[own] > 127).astype(np.uint8))
        if w == 0:
            return nowhere
        left, top = float(x + there[1].start), float(y + there[0].start)
        return Sighting(
            person.person,
            t_s,
            float(xy[0]),
            float(xy[1]),
            float(np.count_nonzero(mine)) / max(pixels, 1),
            shoes > 0 and seen_shoes >= 0.5 * shoes,
            left,
            top,
            left + w,
            top + h,
        )


def write_h264(
    path: Path, pictures: Iterator[NDArray[np.uint8]], times_s: NDArray[np.float64], size_px: tuple[int, int]
) -> None:
    """Write pictures as an H.264 file whose timestamps are the given times, to a millisecond.

    Args:
        path: File to write, its ending deciding the container.
        pictures: (height, width, 3) uint8, as many as there are times.
        times_s: Seconds, increasing.
        size_px: (width, height), both even.

    """
    tick = Fraction(1, 1000)
    typical = (
        Fraction(float(1 / np.median(np.diff(times_s)))).limit_denominator(1001) if len(times_s) > 1 else 15
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=typical)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = tick
        # Without mbtree: with it x264 gives other bytes each time on processors with AVX-512.
        stream.options = {"preset": "veryfast", "crf": "24", "threads": "2", "x264-params": "mbtree=0"}
        for image, t in zip(pictures, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), format="yuv420p")
            frame.pts, frame.time_base = round(float(t) / tick), tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pose(person: Presence, t_s: float) -> tuple[NDArray[np.float64], float, float, float, float]:
    def at(values: NDArray[np.float64]) -> float:
        return float(np.interp(t_s, person.t_s, values))

    xy = np.array([at(person.xy_m[:, 0]), at(person.xy_m[:, 1])])
    return xy, at(person.heading_rad), at(person.stride), at(person.swing), at(person.reach)


def _overlap(
    cutout: Cutout, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Return the part of the picture under a cutout and the part of the cutout inside the picture."""
    height, width = shape[:2]
    h, w = cutout.alpha.shape
    top, left = max(0, cutout.top), max(0, cutout.left)
    bottom, right = min(height, cutout.top + h), min(width, cutout.left + w)
    if bottom <= top or right <= left:
        return None
    own = (slice(top - cutout.top, bottom - cutout.top), slice(left - cutout.left, right - cutout.left))
    return (slice(top, bottom), slice(left, right)), own
