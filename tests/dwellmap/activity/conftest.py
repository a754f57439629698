"""A film of known motion, and still ones."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from dwellmap.h264 import write_h264

SIZE_PX = (320, 240)
FPS, LENGTH_S = 10, 24.0


def furnished(seed: int = 5) -> np.ndarray:
    """A textured wall and floor without anybody, (240, 320, 3)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(70, 190, (12, 16, 3)).astype(np.uint8)
    return cv2.GaussianBlur(np.repeat(np.repeat(coarse, 20, axis=0), 20, axis=1), (0, 0), 4)


def shot(path: Path, at, length_s: float = LENGTH_S, extra=None) -> Path:
    """Film the room; `at(t_s)` says where a thing of 40 x 60 pixels is (left, top) or None."""
    times_s = np.arange(round(length_s * FPS)) / FPS
    empty = furnished()
    random = np.random.default_rng(0)

    def pictures():
        for t_s in times_s:
            image = empty.copy()
            place = at(t_s)
            if place is not None:
                left, top = place
                image[top : top + 60, left : left + 40] = (30, 220, 40)
            if extra is not None:
                extra(image, t_s)
            noise = random.normal(0, 1.5, image.shape)
            yield np.clip(image + noise, 0, 255).round().astype(np.uint8)

    write_h264(path, pictures(), times_s, SIZE_PX)
    return path


@pytest.fixture(scope="session")
def mover(tmp_path_factory):
    """24 s. A thing of 40 x 60 pixels stands at (20, 20) from 4 to 10 s and at (240, 140) from 12 to 14 s.

    Between and around it there is nothing. A shadow, the floor at seven tenths of its brightness, lies at
    (120..200, 160..220) from 16 s to 20 s. With 4 x 4 regions of 80 x 60 pixels the first place is in row 1,
    column 1 (and 20 pixels of it in row 2); the second in rows 3 and 4, column 4.
    """

    def at(t_s):
        if 4 <= t_s < 10:
            return 20, 20
        return (240, 140) if 12 <= t_s < 14 else None

    lit = np.ones((240, 320, 1), dtype=np.float32)
    lit[160:220, 120:200] = 0.7
    shade = cv2.GaussianBlur(lit, (0, 0), 4)[..., None]

    def shadow(image, t_s):
        if 16 <= t_s < 20:
            image[:] = (image * shade).astype(np.uint8)

    return shot(tmp_path_factory.mktemp("mover") / "mover.mp4", at, extra=shadow)


@pytest.fixture(scope="session")
def still(tmp_path_factory):
    """6 s in which nothing moves but the camera's noise."""
    return shot(tmp_path_factory.mktemp("still") / "still.mp4", lambda t_s: None, 6.0)


@pytest.fixture
def told():
    """What `activity.json` of a printed folder says."""

    def read(folder: str) -> dict:
        return json.loads((Path(folder) / "activity.json").read_text())

    return read


@pytest.fixture
def room():
    """The room without anybody, (240, 320, 3) BGR."""
    return furnished()
