"""What the person who made the pairs should know of the fit, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calibration.calibration import Calibration
from calibration.homography import Array
from calibration.pairs import LEAST_PAIRS, Pairs

_HEIGHT_AGREES = 0.25


def warnings(
    calibration: Calibration,
    agreed: bool,
    factor: float,
    camera_height_m: float | None,
    left_out_m: Array | None,
    residual_px: Array,
    residual_m: Array,
    swapped: tuple[tuple[int, int], ...],
) -> Iterator[str]:
    """What there is to say of a fit.

    Args:
        calibration: The result.
        agreed: Whether enough pairs agreed to leave the others out.
        factor: By how much the residuals exceed the stated click errors.
        camera_height_m: What the camera's height was said to be.
        left_out_m: (N,) leave-one-out errors; None with too few pairs.
        residual_px: (N,) residuals in the picture.
        residual_m: (N,) residuals on the floor.
        swapped: Indices of left-out pairs that look exchanged.

    """
    pairs = calibration.pairs
    if len(pairs) == LEAST_PAIRS:
        yield (
            "four pairs fit exactly, so nothing can be checked: the click errors are assumed, and one wrong "
            "pair would go unseen. Add at least two more."
        )
    elif not agreed:
        yield (
            "the pairs disagree by more than their click errors and it cannot be told which are wrong, so "
            "all were used. Look at the residuals, correct the worst pair or add more."
        )
    yield from _on_left_out(pairs, residual_px, residual_m, swapped)
    if left_out_m is not None:
        unchecked = pairs.used & np.isnan(left_out_m)
        if np.any(unchecked):
            yield (
                f"cannot be checked, because without them the other pairs lie on a line: "
                f"{pairs.names(unchecked)}. Add pairs to both sides of that line."
            )
    if factor > 1.5:
        yield (
            f"the residuals are {factor:.1f} times what the click errors explain; the stated accuracy counts "
            "with the residuals. A lens that bends straight lines does this: it is estimated from eight "
            "pairs on, or from straight lines."
        )
    pose = calibration.pose
    if pose is not None and camera_height_m is not None and pose.source == "homography":
        ratio = pose.camera_height_m / camera_height_m
        if not 1 - _HEIGHT_AGREES <= ratio <= 1 + _HEIGHT_AGREES:
            yield (
                f"the pairs put the camera {pose.camera_height_m:.1f} m above the floor, not "
                f"{camera_height_m:g} m: check the scale of the plan and the pairs."
            )


def _on_left_out(
    pairs: Pairs, residual_px: Array, residual_m: Array, swapped: tuple[tuple[int, int], ...]
) -> Iterator[str]:
    left_out = int(np.count_nonzero(~pairs.used))
    if left_out:
        named = ", ".join(
            f"{pairs.label[i]} ({_off(residual_px[i], residual_m[i])})" for i in np.flatnonzero(~pairs.used)
        )
        yield f"left out, because they disagree with the others: {named}. Check them."
    for i, j in swapped:
        yield (
            f"{pairs.label[i]} and {pairs.label[j]} look swapped: with their floor points exchanged they "
            "agree with the others. Exchange them."
        )
    if left_out > 0.25 * len(pairs):
        yield (
            "so many pairs disagree that something else may be wrong: a wide-angle lens that bends straight "
            "lines more than the pairs can tell, a floor on two levels, or a wrong scale of the plan."
        )


def _off(px: float, m: float) -> str:
    """How far a pair is off."""
    on_floor = f"{m:.1f} m" if m >= 1 else f"{m * 100:.0f} cm"
    return f"{px:.0f} px, {on_floor} off" if np.isfinite(m) else f"{px:.0f} px off, above the horizon"
