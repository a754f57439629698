"""A calibration in the making: pairs with an undo, and what the fit says of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration.calibration import SAME_ASPECT, Calibration
from calibration.fit import Fit, checked, fit_calibration
from calibration.lens import Lens
from calibration.pairs import LEAST_PAIRS, MOST_PAIRS, Pairs
from calibration.plan import FloorPlan

Point = tuple[float, float]
Side = Literal["image", "floor"]
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class DraftPair:
    """One pair; a side is None until it is set.

    Attributes:
        label: Its name, unique.
        image_px: (x, y) in the picture, pixels.
        floor_m: (x, y) on the plan, metres.

    """

    label: str
    image_px: Point | None = None
    floor_m: Point | None = None

    @property
    def whole(self) -> bool:
        """Whether both sides are set."""
        return self.image_px is not None and self.floor_m is not None


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What the fit is told beside the pairs.

    Attributes:
        lens: None estimates it from eight pairs on; 0 bends nothing; else the lens's number.
        camera_height_m: Measured height of the camera; None if nobody measured.

    """

    lens: float | None = None
    camera_height_m: float | None = None

    @classmethod
    def typed(cls, lens: str, camera_height: str) -> FitOptions:
        """Out of what somebody typed; nothing typed is None.

        Raises:
            ValueError: If it is no number.

        """
        return cls(_optional(lens, "lens"), _optional(camera_height, "camera height"))


@dataclass(slots=True)
class CalibrationDraft:
    """Pairs of one camera while somebody works on them.

    Attributes:
        camera: Name of the camera.
        plan: The floor.
        still_rgb: (height, width, 3) the camera's picture; None until there is one.
        keep_rgb: (height, width, 3) what is kept of it beside the calibration; None if it is there already.
        size_px: (width, height) that the pairs' pixels belong to; None until there is a picture.
        pairs: The pairs, in the order they were made.
        options: What the fit is told beside them.
        on_disk: The calibration that this began with or was last saved as; None if there is none yet.
        disk_id: What the calibration file was then, see `id_on_disk`; None if there was none.
        problems: What was wrong with what was on disk, in plain words.
        saved_options: What the calibration on disk was fitted with, if it was saved from here.
        version: Goes up with every change, so that a page knows whether another one changed something.

    """

    camera: str
    plan: FloorPlan
    still_rgb: NDArray[np.uint8] | None = None
    keep_rgb: NDArray[np.uint8] | None = None
    size_px: tuple[int, int] | None = None
    pairs: tuple[DraftPair, ...] = ()
    options: FitOptions = field(default_factory=FitOptions)
    on_disk: Calibration | None = None
    disk_id: str | None = None
    problems: tuple[str, ...] = ()
    saved_options: FitOptions | None = None
    version: int = 0
    _before: list[tuple[DraftPair, ...]] = field(default_factory=list)

    @classmethod
    def of(
        cls, camera: str, plan: FloorPlan, calibration: Calibration | None, disk_id: str | None
    ) -> CalibrationDraft:
        """Begin with what is on disk."""
        draft = cls(camera, plan, on_disk=calibration, disk_id=disk_id)
        if calibration is not None:
            draft.pairs, draft.options = _pairs_of(calibration), _options_of(calibration)
            draft.size_px = calibration.image_size_px
        return draft

    def show(self, still_rgb: NDArray[np.uint8], keep_rgb: NDArray[np.uint8] | None = None) -> None:
        """Take another picture of the camera.

        The same picture in another size takes the pairs along.

        Args:
            still_rgb: The picture to click in.
            keep_rgb: What is saved of it; None if it is on disk already.

        Raises:
            ValueError: If there are pairs and the picture has another shape: it is another camera or crop.

        """
        h, w = still_rgb.shape[:2]
        if self.size_px is not None and self.size_px != (w, h):
            old_w, old_h = self.size_px
            if any(pair.image_px is not None for pair in self.pairs):
                if abs((w / h) / (old_w / old_h) - 1) > SAME_ASPECT:
                    raise ValueError(
                        f"the pairs were set in a picture of {old_w}x{old_h}, this one has {w}x{h}: expected "
                        "the same shape. Take a picture of the same camera, or remove the pairs first"
                    )
                scale = (w / old_w, h / old_h)
                self._change(tuple(replace(p, image_px=_resized(p.image_px, scale)) for p in self.pairs))
            # Steps before belong to the other size.
            self._before.clear()
        self.still_rgb, self.keep_rgb, self.size_px = still_rgb, keep_rgb, (w, h)
        self.version += 1

    def place(self, side: Side, at: Point, held: int = -1) -> int:
        """Set a point: the other side of a pair that waits for one, else the first of a new pair.

        Args:
            side: "image" or "floor".
            at: Pixels or metres.
            held: Index of the pair that is served first if it waits.

        Returns:
            Index of the pair.

        Raises:
            ValueError: If there are too many pairs.

        """
        key = "image_px" if side == "image" else "floor_m"
        rows = [held, *range(len(self.pairs))] if held >= 0 else range(len(self.pairs))
        waiting = next((i for i in rows if getattr(self.pairs[i], key) is None), None)
        if waiting is not None:
            self.move(waiting, side, at)
            return waiting
        if len(self.pairs) >= MOST_PAIRS:
            raise ValueError(f"expected at most {MOST_PAIRS} pairs")
        new = DraftPair(self._next_label())
        filled = replace(new, image_px=at) if side == "image" else replace(new, floor_m=at)
        self._change((*self.pairs, filled))
        return len(self.pairs) - 1

    def move(self, index: int, side: Side, at: Point) -> None:
        """Move one side of a pair; a place off the picture or the plan is brought to its edge."""
        pair = self.pairs[index]
        x, y = float(at[0]), float(at[1])
        if side == "image" and self.size_px is not None:
            w, h = self.size_px
            pair = replace(pair, image_px=(min(max(x, -0.5), w - 0.5), min(max(y, -0.5), h - 0.5)))
        elif side == "floor":
            w_m, h_m = self.plan.size_m
            pair = replace(pair, floor_m=(min(max(x, 0.0), w_m), min(max(y, 0.0), h_m)))
        self._change((*self.pairs[:index], pair, *self.pairs[index + 1 :]))

    def set_number(self, index: int, side: Side, axis: int, text: str) -> None:
        """Set one coordinate of a pair, as somebody typed it.

        Raises:
            ValueError: If it is no number.

        """
        try:
            value = float(text.replace(",", "."))
        except ValueError as error:
            raise ValueError(f"{text[:40]!r}: expected a number such as 3.25") from error
        if not np.isfinite(value):
            raise ValueError(f"{text[:40]!r}: expected a finite number such as 3.25")
        pair = self.pairs[index]
        before = pair.image_px if side == "image" else pair.floor_m
        at = list(before or (0.0, 0.0))
        at[axis] = value
        self.move(index, side, (at[0], at[1]))

    def choose(self, options: FitOptions) -> None:
        """Tell the fit something else beside the pairs."""
        self.options = options
        self.version += 1

    @property
    def touched(self) -> bool:
        """Whether there is something here that is not on disk."""
        if self.keep_rgb is not None:
            return True
        return bool(self.pairs) if self.on_disk is None else not self._is(self.on_disk)

    def rename(self, index: int, label: str) -> None:
        """Give a pair another name.

        Raises:
            ValueError: If it is empty, too long or another pair's.

        """
        label = " ".join(label.split())
        others = {pair.label for i, pair in enumerate(self.pairs) if i != index}
        if not label or len(label) > 40 or label in others:
            raise ValueError(
                f"name of a pair: expected 1 to 40 characters that no other pair has, got {label!r}"
            )
        self._change((*self.pairs[:index], replace(self.pairs[index], label=label), *self.pairs[index + 1 :]))

    def swap(self, i: int, j: int) -> None:
        """Exchange the floor points of two pairs."""
        pairs = list(self.pairs)
        pairs[i], pairs[j] = (
            replace(pairs[i], floor_m=pairs[j].floor_m),
            replace(pairs[j], floor_m=pairs[i].floor_m),
        )
        self._change(tuple(pairs))

    def remove(self, index: int) -> None:
        """Take a pair away."""
        self._change((*self.pairs[:index], *self.pairs[index + 1 :]))

    def clear(self) -> None:
        """Take all pairs away."""
        self._change(())

    def undo(self) -> bool:
        """Take the last step back.

        Returns:
            Whether there was one.

        """
        if not self._before:
            return False
        self.pairs = self._before.pop()
        self.version += 1
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._before)

    def saved(self, calibration: Calibration) -> None:
        """Say that this calibration, fitted to these pairs, is on disk now."""
        self.on_disk, self.disk_id, self.problems = calibration, calibration.id, ()
        self.saved_options = self.options
        self.keep_rgb = None

    @property
    def whole(self) -> tuple[int, ...]:
        """Indices of the pairs with both sides set."""
        return tuple(i for i, pair in enumerate(self.pairs) if pair.whole)

    def fit(self) -> Fit | None:
        """Fit the whole pairs; None while there are too few.

        Raises:
            ValueError: As `fit_calibration`, naming the pairs at fault.

        """
        rows = self.whole
        if len(rows) < LEAST_PAIRS or self.size_px is None:
            return None
        before = self.on_disk
        if before is not None and self._is(before):
            return checked(before)
        chosen = [self.pairs[i] for i in rows]
        pairs = Pairs.of(
            np.array([pair.image_px for pair in chosen]),
            np.array([pair.floor_m for pair in chosen]),
            tuple(pair.label for pair in chosen),
        )
        lens = None if self.options.lens is None else Lens(self.options.lens)
        return fit_calibration(
            pairs,
            self.size_px,
            camera_height_m=self.options.camera_height_m,
            lens=lens,
            survey=None if before is None else before.survey,
            foot_jitter=None if before is None else before.foot_jitter,
        )

    def try_to_fit(self) -> tuple[Fit | None, str | None]:
        """The fit, or why there is none."""
        try:
            return self.fit(), None
        except ValueError as error:
            return None, str(error)

    def _is(self, calibration: Calibration) -> bool:
        """Whether nothing was changed since; a calibration may have been fitted in another way than here."""
        options = self.saved_options or _options_of(calibration)
        return (self.size_px, self.pairs, self.options) == (
            calibration.image_size_px, _pairs_of(calibration), options,
        )  # fmt: skip

    def _change(self, pairs: tuple[DraftPair, ...]) -> None:
        if pairs == self.pairs:
            return
        self._before.append(self.pairs)
        del self._before[:-_MOST_STEPS]
        self.pairs = pairs
        self.version += 1

    def _next_label(self) -> str:
        taken = {pair.label for pair in self.pairs}
        return next(label for label in map(str, range(1, len(taken) + 2)) if label not in taken)


def _pairs_of(calibration: Calibration) -> tuple[DraftPair, ...]:
    stored = calibration.pairs
    return tuple(
        DraftPair(label, (float(px[0]), float(px[1])), (float(m[0]), float(m[1])))
        for label, px, m in zip(stored.label, stored.image_px, stored.floor_m, strict=True)
    )


def _options_of(calibration: Calibration) -> FitOptions:
    pose, lens = calibration.pose, calibration.lens
    # An estimated lens has its error in the covariance, a given one has not.
    given = lens.division if lens.bends and len(calibration.cov_h) == 8 and not lens.polynomial else None
    height_m = pose.camera_height_m if pose is not None and pose.source == "camera height" else None
    return FitOptions(given, height_m)


def _optional(text: str, what: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{what}: expected a number or nothing, got {text[:40]!r}") from error
    if not np.isfinite(value):
        raise ValueError(f"{what}: expected a finite number")
    return value


def _resized(at: Point | None, scale: Point) -> Point | None:
    """A pixel of a resized picture: centres of pixels have whole numbers."""
    return None if at is None else ((at[0] + 0.5) * scale[0] - 0.5, (at[1] + 0.5) * scale[1] - 0.5)
