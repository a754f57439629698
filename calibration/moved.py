"""Whether a camera still looks where it looked when it was calibrated: two pictures in, a shift out.

Both pictures are evened out, so that light does not matter. Patches of the one are found again in the other,
and the similarity that most of them agree on is the camera's movement; what moves by itself (people, a
clock in the picture) does not agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.calibration import Calibration
from calibration.fit import fit_calibration
from calibration.homography import Array, apply
from calibration.lens import Lens

# Pictures are compared at this width at most; patches are so large there, and so far from each other.
_WIDTH, _PATCH, _STEP = 960, 48, 40
# How far a patch is looked for around where the whole picture went, and how far that may be (share of width).
_REACH, _COARSE_WIDTH, _FARTHEST = 10, 240, 0.25
_LEAST_CONTRAST, _LEAST_LIKENESS, _LEAST_PATCHES, _LEAST_SHARE = 8.0, 0.5, 15, 0.4
_AGREE_PX = 1.0
_FAINT = 3.0  # grey levels of contrast that are noise
# A corrected calibration is proposed for a movement no larger than this (share of width), known so well (px).
_SMALL, _WELL_KNOWN_PX = 0.05, 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """How a picture moved against an earlier one.

    Attributes:
        T_new_old: (3, 3) where points of the earlier picture are now, pixels.
        right_px: How far the scene moved to the right in the middle of the picture.
        down_px: How far it moved down.
        turn_deg: By how much it turned clockwise.
        most_px: The largest movement of any point of the picture.
        sigma_px: Its 1-sigma error.
        patches: Number of patches that agree.

    """

    T_new_old: NDArray[np.float64]
    right_px: float
    down_px: float
    turn_deg: float
    most_px: float
    sigma_px: float
    patches: int

    def moved(self, most_px: float) -> bool:
        """Whether it is more than so many pixels, beyond noise."""
        return self.most_px - 2 * self.sigma_px > most_px

    def in_words(self) -> str:
        """Such as "14 px right and 3 px down"."""
        parts = [
            f"{abs(px):.0f} px {ahead if px > 0 else back}"
            for px, ahead, back in ((self.right_px, "right", "left"), (self.down_px, "down", "up"))
            if abs(px) >= 0.5
        ]
        if abs(self.turn_deg) >= 0.1:
            parts.append(
                f"{abs(self.turn_deg):.1f} degrees {'clockwise' if self.turn_deg > 0 else 'anticlockwise'}"
            )
        return " and ".join(parts) or f"{self.most_px:.0f} px"


def shift_between(
    still: NDArray[np.uint8], scene: NDArray[np.uint8], free: NDArray[np.bool_] | None = None
) -> Shift | None:
    """How a picture moved against the still of the calibration.

    Args:
        still: (height, width, 3) BGR or (height, width) grey picture without people.
        scene: A later picture of the same size.
        free: (height, width) where `scene` shows nobody; None for everywhere.

    Returns:
        The shift; None where too little can be found again, as in the dark.

    Raises:
        ValueError: If the pictures differ in size.

    """
    if still.shape[:2] != scene.shape[:2]:
        raise ValueError(
            f"still: expected the size of the recording, {scene.shape[1]}x{scene.shape[0]}, got "
            f"{still.shape[1]}x{still.shape[0]}"
        )
    height, width = still.shape[:2]
    scale = min(1.0, _WIDTH / width)
    size = round(width * scale), round(height * scale)
    contrast, old = _even(still, size)
    _, new = _even(scene, size)
    seen = None
    if free is not None:
        seen = cv2.resize(free.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    at, found = _patches(old, new, contrast, seen, _coarse(old, new))
    if len(at) < _LEAST_PATCHES:
        return None
    estimate, agrees = cv2.estimateAffinePartial2D(
        at.astype(np.float32), found.astype(np.float32), method=cv2.RANSAC, ransacReprojThreshold=_AGREE_PX,
        maxIters=5000, confidence=0.999, refineIters=20,
    )  # fmt: skip
    if estimate is None:
        return None
    kept = agrees.ravel() > 0
    if kept.sum() < max(_LEAST_PATCHES, _LEAST_SHARE * len(at)):
        return None
    return _shift(at[kept], found[kept], scale, (width, height))


def corrected(calibration: Calibration, shift: Shift) -> Calibration | None:
    """The calibration of the camera as it hangs now, if the movement is small and well known.

    Its pairs are moved along with the picture. None if that would not be safe.
    """
    w, h = calibration.image_size_px
    pairs = calibration.pairs
    if (
        not len(pairs)
        or calibration.lens.bends
        or shift.most_px > _SMALL * w
        or shift.sigma_px > _WELL_KNOWN_PX
    ):
        return None
    moved_px = apply(shift.T_new_old, pairs.image_px)
    inside = np.all((moved_px >= -0.5) & (moved_px <= np.array([w, h]) - 0.5), axis=1) & pairs.used
    if inside.sum() < 4:
        return None
    kept = [int(i) for i in np.flatnonzero(inside)]
    fewer = replace(
        pairs,
        label=tuple(pairs.label[i] for i in kept),
        image_px=moved_px[kept],
        floor_m=pairs.floor_m[kept],
        used=np.ones(len(kept), dtype=np.bool_),
    )
    height_m = None
    if calibration.pose is not None and calibration.pose.source == "camera height":
        height_m = calibration.pose.camera_height_m
    try:
        return fit_calibration(
            fewer, (w, h), camera_height_m=height_m, survey=calibration.survey,
            foot_jitter=calibration.foot_jitter, lens=Lens(),
        ).calibration  # fmt: skip
    except ValueError:
        return None


def _even(picture: NDArray[np.uint8], size: tuple[int, int]) -> tuple[Array, NDArray[np.float32]]:
    """Local contrast in grey levels, and the picture with it evened out."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), 1.0)
    mean = cv2.GaussianBlur(small, (0, 0), 12.0)
    contrast = np.sqrt(np.maximum(cv2.GaussianBlur((small - mean) ** 2, (0, 0), 12.0), 0.0))
    return np.asarray(contrast, dtype=np.float64), np.asarray(
        (small - mean) / (contrast + 3.0), dtype=np.float32
    )


def _coarse(old: NDArray[np.float32], new: NDArray[np.float32]) -> Array:
    """(2,) by how much the whole picture moved, roughly."""
    scale = min(1.0, _COARSE_WIDTH / old.shape[1])
    small = [cv2.resize(p, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for p in (old, new)]
    window = cv2.createHanningWindow(small[0].shape[::-1], cv2.CV_32F)
    moved, _ = cv2.phaseCorrelate(small[0], small[1], window)
    shift = np.array(moved) / scale
    return shift if np.abs(shift).max() <= _FARTHEST * old.shape[1] else np.zeros(2)


def _patches(
    old: NDArray[np.float32],
    new: NDArray[np.float32],
    contrast: Array,
    seen: NDArray[np.uint8] | None,
    coarse: Array,
) -> tuple[Array, Array]:
    """Middles (n, 2) of patches, and where they are found again (n, 2)."""
    h, w = old.shape
    at, found = [], []
    # The coarse shift may be wrong, by a repeated pattern or a large change: no shift is tried as well.
    guesses = [np.rint(coarse).astype(int)]
    if np.abs(guesses[0]).max() > _REACH // 2:
        guesses.append(np.zeros(2, dtype=int))
    for y in range(0, h - _PATCH + 1, _STEP):
        for x in range(0, w - _PATCH + 1, _STEP):
            patch = (slice(y, y + _PATCH), slice(x, x + _PATCH))
            if contrast[patch].mean() < _LEAST_CONTRAST:
                continue
            best = max(
                (_search(old[patch], new, seen, x + int(gx), y + int(gy)) for gx, gy in guesses),
                key=lambda match: match[0],
            )
            if best[0] >= _LEAST_LIKENESS:
                at.append((x, y))
                found.append(best[1:])
    middle = (_PATCH - 1) / 2
    return np.array(at, dtype=np.float64).reshape(-1, 2) + middle, np.array(found).reshape(-1, 2) + middle


def _search(
    patch: NDArray[np.float32], new: NDArray[np.float32], seen: NDArray[np.uint8] | None, x: int, y: int
) -> tuple[float, float, float]:
    """Likeness of the place most like a patch near a corner (x, y), and that place; -1 if there is none."""
    h, w = new.shape
    x0, y0 = max(x - _REACH, 0), max(y - _REACH, 0)
    x1, y1 = min(x + _PATCH + _REACH, w), min(y + _PATCH + _REACH, h)
    if x1 - x0 < _PATCH + 2 or y1 - y0 < _PATCH + 2:
        return -1.0, 0.0, 0.0
    if seen is not None and seen[y0:y1, x0:x1].mean() < 0.8:
        return -1.0, 0.0, 0.0
    likeness = cv2.matchTemplate(new[y0:y1, x0:x1], patch, cv2.TM_CCOEFF_NORMED)
    j, i = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
    return (
        float(likeness[j, i]),
        x0 + i + _peak(likeness[j, max(i - 1, 0) : i + 2]),
        y0 + j + _peak(likeness[max(j - 1, 0) : j + 2, i]),
    )


def _peak(three: NDArray[np.float32]) -> float:
    """Where between its neighbours the top of a parabola through three values is."""
    if len(three) != 3:
        return 0.0
    left, middle, right = (float(v) for v in three)
    bend = left - 2 * middle + right
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def _shift(at: Array, found: Array, scale: float, size_px: tuple[int, int]) -> Shift:
    """The similarity through patches that agree, in pixels of the whole picture."""
    at, found = (at + 0.5) / scale - 0.5, (found + 0.5) / scale - 0.5
    middle = at.mean(axis=0)
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (at - middle, found - middle))
    spread = float(np.sum(np.abs(a) ** 2))
    shift, turn = b.mean(), np.vdot(a, b) / spread
    off = b - shift - turn * a
    noise2 = float(np.sum(np.abs(off) ** 2)) / max(2 * len(a) - 4, 1)
    T = np.array([[turn.real, -turn.imag, 0.0], [turn.imag, turn.real, 0.0], [0, 0, 1.0]])
    T[:2, 2] = middle + np.array([shift.real, shift.imag]) - T[:2, :2] @ middle
    w, h = size_px
    corners = np.array([[0.0, 0.0], [w - 1, 0], [0, h - 1], [w - 1, h - 1], [(w - 1) / 2, (h - 1) / 2]])
    moved = apply(T, corners) - corners
    length = np.linalg.norm(moved, axis=1)
    worst = int(np.argmax(length))
    away2 = float(np.sum((corners[worst] - middle) ** 2))
    sigma = float(np.sqrt(noise2 * (1 / len(a) + away2 / spread)))
    return Shift(
        T, float(moved[4, 0]), float(moved[4, 1]), float(np.degrees(np.angle(turn))), float(length[worst]),
        sigma, len(a),
    )  # fmt: skip
